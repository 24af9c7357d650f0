"""The copy of each channel, as it is answered and as it is sent."""

from dataclasses import fields
from typing import Annotated, TypeAlias, Union

import strawberry

from gql_approvals.schema.fields import about
from gql_approvals.workflow import content as values

PARAMETERS = "What fills the template's places, in order."


@strawberry.type(description="An e-mail's copy.")
class EmailContent:
    """Answers `workflow.content.EmailContent`."""

    subject: str = about("The subject line.")
    preheader: str | None = about("What mail clients show behind the subject.")
    from_name: str = about("The sender's name.")
    from_email: str = about("The sender's address.")
    reply_to: str | None = about("Where answers go.")
    html: str = about("The HTML part.")
    text: str | None = about("The plain text part.")


@strawberry.type(description="A text message's copy.")
class SmsContent:
    """Answers `workflow.content.SmsContent`."""

    sender_id: str = about("What the phone shows as the sender.")
    body: str = about("The message.")


@strawberry.type(description="An app push notification's copy.")
class AppPushContent:
    """Answers `workflow.content.AppPushContent`."""

    title: str = about("The title.")
    body: str = about("The text.")
    deep_link: str | None = about("Where a tap leads within the app.")
    image_url: str | None = about("The address of a picture.")


@strawberry.type(description="A WhatsApp template message.")
class WhatsappContent:
    """Answers `workflow.content.WhatsappContent`."""

    template_name: str = about("The template's name.")
    language: str = about("The template's language, such as `en_US`.")
    parameters: list[str] = about(PARAMETERS)


@strawberry.type(description="A browser push notification's copy.")
class WebPushContent:
    """Answers `workflow.content.WebPushContent`."""

    title: str = about("The title.")
    body: str = about("The text.")
    url: str = about("Where a click leads.")
    icon_url: str | None = about("The address of the icon.")


@strawberry.type(description="What a visitor of the site sees.")
class OnsiteContent:
    """Answers `workflow.content.OnsiteContent`."""

    placement: str = about("Where on the site it is shown.")
    html: str = about("What is shown.")


Content: TypeAlias = Annotated[
    Union[EmailContent, SmsContent, AppPushContent, WhatsappContent, WebPushContent, OnsiteContent],  # noqa: UP007  # strawberry reads it
    strawberry.union("Content", description="What recipients get; its type is that of the channel."),
]


@strawberry.input(description="An e-mail's copy.")
class EmailContentInput:
    """Asks for `workflow.content.EmailContent`."""

    subject: str = about("The subject line.")
    preheader: str | None = about("What mail clients show behind the subject.", default=None)
    from_name: str = about("The sender's name.")
    from_email: str = about("The sender's address.")
    reply_to: str | None = about("Where answers go.", default=None)
    html: str = about("The HTML part.")
    text: str | None = about("The plain text part.", default=None)


@strawberry.input(description="A text message's copy.")
class SmsContentInput:
    """Asks for `workflow.content.SmsContent`."""

    sender_id: str = about("What the phone shows as the sender.")
    body: str = about("The message.")


@strawberry.input(description="An app push notification's copy.")
class AppPushContentInput:
    """Asks for `workflow.content.AppPushContent`."""

    title: str = about("The title.")
    body: str = about("The text.")
    deep_link: str | None = about("Where a tap leads within the app.", default=None)
    image_url: str | None = about("The address of a picture.", default=None)


@strawberry.input(description="A WhatsApp template message.")
class WhatsappContentInput:
    """Asks for `workflow.content.WhatsappContent`."""

    template_name: str = about("The template's name.")
    language: str = about("The template's language, such as `en_US`.")
    parameters: list[str] = about(PARAMETERS, default_factory=list)


@strawberry.input(description="A browser push notification's copy.")
class WebPushContentInput:
    """Asks for `workflow.content.WebPushContent`."""

    title: str = about("The title.")
    body: str = about("The text.")
    url: str = about("Where a click leads.")
    icon_url: str | None = about("The address of the icon.", default=None)


@strawberry.input(description="What a visitor of the site sees.")
class OnsiteContentInput:
    """Asks for `workflow.content.OnsiteContent`."""

    placement: str = about("Where on the site it is shown.")
    html: str = about("What is shown.")


@strawberry.input(one_of=True, description="The copy: exactly the member of the campaign's channel.")
class ContentInput:
    """One of the channels' copies."""

    email: EmailContentInput | None = about("For EMAIL.", default=strawberry.UNSET)
    sms: SmsContentInput | None = about("For SMS.", default=strawberry.UNSET)
    app_push: AppPushContentInput | None = about("For APP_PUSH.", default=strawberry.UNSET)
    whatsapp: WhatsappContentInput | None = about("For WHATSAPP.", default=strawberry.UNSET)
    web_push: WebPushContentInput | None = about("For WEB_PUSH.", default=strawberry.UNSET)
    onsite: OnsiteContentInput | None = about("For ONSITE.", default=strawberry.UNSET)


ANSWERS: dict[type[values.Content], type[Content]] = {
    values.EmailContent: EmailContent,
    values.SmsContent: SmsContent,
    values.AppPushContent: AppPushContent,
    values.WhatsappContent: WhatsappContent,
    values.WebPushContent: WebPushContent,
    values.OnsiteContent: OnsiteContent,
}
ASKS: dict[type[object], type[values.Content]] = {
    EmailContentInput: values.EmailContent,
    SmsContentInput: values.SmsContent,
    AppPushContentInput: values.AppPushContent,
    WhatsappContentInput: values.WhatsappContent,
    WebPushContentInput: values.WebPushContent,
    OnsiteContentInput: values.OnsiteContent,
}


def answered(content: values.Content) -> Content:
    """A content as the API answers it."""
    kind = ANSWERS[type(content)]
    return kind(**{item.name: getattr(content, item.name) for item in fields(content)})


def asked(given: ContentInput) -> values.Content:
    """The content that an input asks for: @oneOf has made sure that there is exactly one."""
    [chosen] = [
        value
        for value in (given.email, given.sms, given.app_push, given.whatsapp, given.web_push, given.onsite)
        if value is not None and value is not strawberry.UNSET
    ]
    parts = dict(vars(chosen))
    if "parameters" in parts:
        parts["parameters"] = tuple(parts["parameters"])
    return ASKS[type(chosen)](**parts)
