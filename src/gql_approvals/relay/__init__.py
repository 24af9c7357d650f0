"""The relay: takes what is due out of the outbox and delivers it, mails by SMTP and publications by HTTP.

It decides nothing: what to say comes from `service.delivery`, what is due from `persistence.outbox`.
"""
