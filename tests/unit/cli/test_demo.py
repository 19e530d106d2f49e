"""What the demo prints."""

from email.message import EmailMessage
from io import StringIO

from rich.console import Console

from rosterhold.cli.demo import Story


def test_a_link_in_a_mail_stays_on_one_line_however_narrow_the_terminal():
    link = "http://127.0.0.1:40123/enter/" + "a1B2" * 30
    mail = EmailMessage()
    mail["To"], mail["Subject"] = "admin@district.example", "Your link [to log in]"
    mail.set_content(f"Come in:\n\n{link}\n", cte="8bit")
    printed = StringIO()

    Story(Console(file=printed, width=80)).show_mails([mail])

    assert link in printed.getvalue().splitlines()
    assert "Your link [to log in]" in printed.getvalue()
