"""The addresses of the operations pages."""

from typing import Final

from starlette.routing import Route

from rosterhold.web.operations import pages, webhooks
from rosterhold.web.operations.acting import post_action

ROUTES: Final = [
    Route("/operations", pages.overview),
    Route("/operations/districts", pages.districts),
    Route("/operations/queues", pages.queues),
    Route("/operations/work", pages.work),
    Route("/operations/work/{work_id:int}", post_action, methods=["POST"]),
    Route("/operations/mails", pages.mails),
    Route("/operations/webhooks", webhooks.webhooks_page),
    Route("/operations/webhooks/endpoints/{endpoint_id}", webhooks.post_endpoint, methods=["POST"]),
    Route("/operations/webhooks/{delivery_id}", webhooks.post_delivery, methods=["POST"]),
]
