"""Words that made-up people and places are named from."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST = _words("""
Aaliyah Aaron Abigail Adrian Aisha Alejandra Alexander Amara Amelia Ana Andre Anika Anthony Aria
Asha Ava Beatriz Benjamin Bianca Brandon Camila Carlos Caroline Chloe Christopher Daniel Dante
Daphne David Deshawn Diego Dmitri Eleanor Elena Elias Emily Emma Ethan Eva Fatima Felix Fiona
Gabriel Grace Hana Hannah Hassan Henry Hugo Ibrahim Imani Isaac Isabella Ivy Jada Jamal James
Jasmine Javier Jessica Joao Jonah Jordan Jose Joshua Julia Kai Kalani Keisha Kenji Khalil Kiara
Laila Leah Leo Liam Lily Logan Lucas Lucia Luis Luna Maite Malik Marcus Maria Mateo Maya Mei Mia
Miguel Mila Mohammed Naomi Nathan Nia Nicholas Nina Noah Noor Nora Oliver Olivia Omar Owen Paloma
Priya Quinn Rachel Rafael Ravi Rosa Ruby Ryan Sadie Samuel Santiago Sara Sebastian Selena Simone
Sofia Soren Tamika Theo Thomas Tiana Tomas Tyler Valentina Victor Violet William Xavier Yara Yusuf
Zachary Zoe Zuri
""")

LAST = _words("""
Abbott Acosta Adams Aguilar Ahmed Ali Allen Alvarez Anderson Bailey Baker Banks Barnes Begum
Bennett Brooks Brown Bui Burke Butler Campbell Carter Castillo Chan Chavez Chen Clark Cohen Cole
Collins Cooper Cox Cruz Davis Delgado Diaz Dixon Dominguez Edwards Ellis Estrada Evans Fernandez
Fisher Flores Foster Fox Garcia Garza Gibson Gomez Gonzalez Graham Grant Gray Green Gupta
Gutierrez Hall Hamilton Harris Hayes Henderson Hernandez Hill Hoang Howard Hughes Hunt Ibarra
Jackson James Jenkins Jimenez Johnson Jones Kaur Kelly Khan Kim King Kowalski Kumar Lee Lewis Li
Lopez Luna Marshall Martin Martinez Mason Medina Mendoza Meyer Miller Mitchell Molina Moore
Morales Morgan Morris Munoz Murphy Myers Nelson Nguyen Novak Nunez Okafor Oliveira Ortega Ortiz
Owens Park Parker Patel Perez Perry Peterson Pham Phillips Powell Price Ramirez Ramos Reed Reyes
Reynolds Richardson Rivera Roberts Robinson Rodriguez Rogers Romero Rossi Ruiz Russell Salazar
Sanchez Sanders Santos Schmidt Scott Shah Silva Simmons Singh Smith Soto Stewart Stone Suarez
Sullivan Tanaka Taylor Thomas Thompson Torres Tran Tucker Turner Vargas Vasquez Vega Walker
Wallace Wang Ward Washington Watson Webb West White Williams Wilson Wood Wright Wu Yang Young
Zhang Zimmerman
""")

PLACES = _words("""
Alder Ashland Bayview Birch Bluff Bridgewater Brookside Cedar Clearwater Copper Cottonwood Creek
Crescent Cypress Desert Eastgate Elm Fairview Falcon Foothill Franklin Garfield Glenwood Granite
Harbor Hawthorn Highland Hillcrest Ironwood Jefferson Juniper Lakeside Laurel Liberty Lincoln
Linden Madison Magnolia Maple Meadow Mesa Monroe Northgate Oak Orchard Pine Pioneer Prairie
Redwood Ridgeview Riverbend Riverside Rosewood Sage Sequoia Spruce Summit Sunset Sycamore Tamarack
Valley Vista Walnut Washington Westbrook Willow Wilson Woodland
""")

STREETS = ("Main St", "Park Ave", "Oak St", "2nd St", "Maple Ave", "Lake Rd", "Hill Rd", "Mill Ln")
MAIL_HOSTS = ("example.org", "example.net", "example.com")

LONG_FIRST_NAME = (
    "Maria de los Angeles Guadalupe Esperanza Concepcion Alejandra Isabella Fernanda Lucia"
)
LONG_LAST_NAME = "Fernandez de Cordoba y Alvarez de las Asturias Bohorquez Santiago Villanueva"
LONG_SECTION_SIS_ID = (
    "SECTION-2025-HIGH-SCHOOL-COMBINED-STUDIES-PERIOD-1-AND-2-SEMESTER-1-ROOM-104-A"
)
