"""The demo's people and campaigns, as tables: the only place in the product that names a role.

Every status and every channel occurs in acme. `demo_seed` performs it all as the people themselves.
"""

from gql_approvals.cli.demo_story import (
    CLOCK,
    DemoPerson,
    Story,
    approve,
    archive,
    edit,
    reject,
    report,
    submit,
)
from gql_approvals.workflow.content import (
    AppPushContent,
    EmailContent,
    OnsiteContent,
    SmsContent,
    WebPushContent,
    WhatsappContent,
)
from gql_approvals.workflow.model import Metrics
from gql_approvals.workflow.vocabulary import PublishMode

# slug → (name, time zone)
ACCOUNTS = {"acme": ("Acme", "Europe/Berlin"), "globex": ("Globex", "America/New_York")}


def _at(account: str, name: str, *roles: str) -> DemoPerson:
    return DemoPerson(name=name, email=f"{name}@{account}.test", roles={account: roles})


PEOPLE = (
    _at("acme", "maya", "maker"),
    _at("acme", "max", "maker"),
    _at("acme", "chen", "checker"),
    _at("acme", "cleo", "checker"),
    _at("acme", "ada", "admin"),
    _at("acme", "vera", "viewer"),
    _at("acme", "sofia", "text_approver"),
    _at("acme", "leo", "legal_reviewer"),
    _at("acme", "dora", "delivery"),
    _at("globex", "gil", "admin"),
    _at("globex", "gwen", "maker"),
    _at("globex", "gus", "checker"),
    DemoPerson(name="noor", email="noor@acme.test", roles={"acme": ("viewer",), "globex": ("viewer",)}),
)


def _mail(subject: str, text: str, *, sender: str = "Acme", domain: str = "acme.test") -> EmailContent:
    return EmailContent(
        subject=subject,
        preheader=text.partition(".")[0],
        from_name=sender,
        from_email=f"news@{domain}",
        html=f"<h1>{subject}</h1><p>{text}</p>",
        text=text,
    )


STORIES = (
    # ------------------------------------------------------------------------------------------ e-mail
    Story(
        account="acme",
        name="Welcome to Acme",
        maker="maya",
        days_ago=40,
        content=_mail("Welcome, {{first_name}}", "Good to have you. Here is how to get started."),
        segment="new customers",
        people=8_200,
        then=(
            submit("maya", 39.9),
            approve("chen", 39.1, "Reads well."),
            report("dora", 38, Metrics(sent=8_200, delivered=8_041, opened=3_902, clicked=811, failed=159)),
        ),
    ),
    Story(
        account="acme",
        name="Autumn newsletter",
        maker="maya",
        days_ago=21,
        content=_mail("Autumn is here", "New coats, warm colours. Free shipping this week."),
        segment="newsletter",
        people=45_000,
        then=(
            submit("maya", 20.5),
            approve("cleo", 20.1),
            report(
                "dora", 19, Metrics(sent=45_000, delivered=44_120, opened=15_310, clicked=2_204, failed=880)
            ),
            edit(
                "max", 2, _mail("Autumn is here, part two", "The coats are back. Free shipping until Sunday.")
            ),
        ),
    ),
    Story(
        account="acme",
        name="Year-end sale, everyone",
        maker="max",
        days_ago=1.5,
        content=_mail("Up to 40 % off", "Our largest sale of the year. Terms apply."),
        segment="all customers",
        people=120_000,
        then=(submit("max", 1.2, "Legal: the terms are those of last year."),),
    ),
    Story(
        account="acme",
        name="Data protection update",
        maker="maya",
        days_ago=6,
        content=_mail("We changed our terms", "Click to accept."),
        segment="all active customers",
        people=61_000,
        then=(
            submit("maya", 5.8),
            reject("chen", 5.1, "Say what changed, and do not ask people to accept by clicking."),
            edit(
                "maya",
                3,
                _mail("What changes on 1 January", "Three points of our terms change. Nothing to do."),
            ),
            submit("maya", 2.9, "Rewritten, with the three points up front."),
        ),
    ),
    Story(
        account="acme",
        name="Summer clearance",
        maker="max",
        days_ago=90,
        content=_mail("Last chance", "Summer leaves, prices fall."),
        segment="bargain hunters",
        people=12_500,
        then=(archive("max", 80),),
    ),
    # ----------------------------------------------------------------------------------------- channels
    Story(
        account="acme",
        name="Diwali flash sale",
        maker="maya",
        days_ago=0.5,
        content=SmsContent(sender_id="ACME", body="Happy Diwali! 20 % off until midnight: acme.test/diwali"),
        segment="India, opted in",
        people=18_000,
        then=(submit("maya", 0.3),),
    ),
    Story(
        account="acme",
        name="Parcel pick-up reminder",
        maker="max",
        days_ago=4,
        content=SmsContent(sender_id="ACME", body="Your parcel waits until Saturday. Bring this message."),
        segment="open pick-ups",
        people=3_100,
        at_nine=12,
        then=(submit("max", 3.9), approve("sofia", 3.5)),
    ),
    Story(
        account="acme",
        name="App: dark mode is here",
        maker="max",
        days_ago=9,
        content=AppPushContent(title="DARK MODE!!!", body="Update NOW", deep_link="acme://settings/theme"),
        segment="app users",
        people=27_400,
        then=(
            submit("max", 8.9),
            reject("cleo", 8.2, "No capitals and no pressure: our tone guide, section 2."),
        ),
    ),
    Story(
        account="acme",
        name="Loyalty points statement",
        maker="maya",
        days_ago=0.2,
        content=WhatsappContent(template_name="points_statement", language="en", parameters=("{{points}}",)),
        segment="loyalty members",
        people=9_900,
    ),
    Story(
        account="acme",
        name="Order delayed",
        maker="maya",
        days_ago=15,
        content=WhatsappContent(
            template_name="order_delayed", language="de", parameters=("{{order}}", "Freitag")
        ),
        segment="delayed orders",
        people=640,
        at_nine=-12,
        then=(
            submit("maya", 14.8),
            approve("sofia", 14.2),
            CLOCK,
            report("dora", 11, Metrics(sent=640, delivered=633, opened=610, clicked=0, failed=7)),
        ),
    ),
    Story(
        account="acme",
        name="Back in stock",
        maker="max",
        days_ago=8,
        content=WebPushContent(
            title="Back in stock", body="The lamp you liked.", url="https://acme.test/lamp"
        ),
        segment="lamp watchers",
        people=2_300,
        at_nine=-3,
        then=(submit("max", 7.5), CLOCK),
    ),
    Story(
        account="acme",
        name="Free shipping banner",
        maker="maya",
        days_ago=3,
        content=OnsiteContent(placement="home/top", html="<p>Free shipping from 30 €</p>"),
        segment="every visitor",
        people=50_000,
        mode=PublishMode.MANUAL,
        then=(submit("maya", 2.8), approve("chen", 2.2, "Publish it when the shop is ready.")),
    ),
    # ------------------------------------------------------------------------------------------- globex
    Story(
        account="globex",
        name="Globex quarterly",
        maker="gwen",
        days_ago=30,
        content=_mail("Our quarter", "What we built.", sender="Globex", domain="globex.test"),
        segment="investors",
        people=1_200,
        then=(submit("gwen", 29.8), approve("gus", 29)),
    ),
    Story(
        account="globex",
        name="Maintenance window",
        maker="gwen",
        days_ago=1,
        content=SmsContent(sender_id="GLOBEX", body="Maintenance on Sunday, 2 to 4 a.m."),
        segment="operators",
        people=310,
        then=(submit("gwen", 0.9),),
    ),
    Story(
        account="globex",
        name="Spring teaser",
        maker="gwen",
        days_ago=0.6,
        content=OnsiteContent(placement="home/hero", html="<h2>Something grows</h2>"),
        segment="every visitor",
        people=20_000,
    ),
)
