"""The mistakes that are planted, each as an edit of the product, with the run and the checks that show it."""

# ruff: noqa: E501, ISC004 - pieces of other files, as they stand there

from collections.abc import Mapping

from tests.faults.planted import Bug

_PERFORM, _SMTP, _OUTBOX = "service/perform.py", "relay/smtp.py", "persistence/outbox.py"
_GUARDS, _TASKS = "workflow/guards.py", "service/tasks.py"
KILLS = ("kill9_worker",)
BUSY = ("bustle", "review")
# What a change that is torn apart looks like; which of these comes first is a matter of luck.
TORN = frozenset(
    {"lost", "phantom", "doubled", "version gap", "row is not its log", "broken chain", "unexpected error"}
)

_TABLE = (
    Bug(
        "acknowledged before the commit",
        (
            (
                _PERFORM,
                "            done = await self.office.database.transaction(self.attempt)\n",
                """            early = asyncio.get_running_loop().create_future()

            async def attempt():
                done = await self.attempt()
                if not early.done():
                    early.set_result(done)
                await asyncio.sleep(0.1)
                return done

            def ended(task):
                if not early.done():
                    early.set_exception(task.exception() or RuntimeError())

            asyncio.create_task(self.office.database.transaction(attempt)).add_done_callback(ended)
            done = await early
""",
            ),
        ),
        frozenset({"lost", "stale read"}),
        BUSY,
        KILLS,
    ),
    Bug(
        "no row locks",
        (
            ("persistence/people.py", ".select_for_update().get()", ".get()"),
            ("persistence/whole.py", 'words.locking.format("c")', '""'),
        ),
        TORN | {"unavailable", "stale write"},
        ("bustle", "same_version", "two_submissions"),
        database="postgresql",
    ),
    Bug(
        "a deferred BEGIN",
        (
            (
                "persistence/sqlite_backend.py",
                'execute_fetchall("BEGIN IMMEDIATE")',
                'execute_fetchall("BEGIN")',
            ),
        ),
        frozenset({"unavailable", "unexpected error"}),
        BUSY,
        clients=16,
    ),
    Bug(
        "every statement commits",
        (
            (
                "persistence/database.py",
                "            async with self._client._in_transaction():\n                result = await work()",
                "            result = await work()",
            ),
        ),
        TORN | {"order", "stale write"},
        BUSY,
        KILLS,
    ),
    Bug(
        "keys are not remembered",
        ((_PERFORM, "if self.key is not None and done.refusal is None:", "if False:"),),
        frozenset({"doubled", "key reused"}),
        ("twins", "key_reused", "bustle"),
    ),
    Bug(
        "a key is bound to nothing",
        (("persistence/idempotency.py", "if row.fingerprint != fingerprint:", "if False:"),),
        frozenset({"key reused"}),
        ("key_reused",),
    ),
    Bug(
        "roles are cached by each worker",
        (
            (_PERFORM, "MAX_KEY_LENGTH = 255\n", "MAX_KEY_LENGTH = 255\n_CACHED = {}\n"),
            (
                _PERFORM,
                "            members=found.members,\n",
                "            members=_CACHED.setdefault(account_id, found.members),\n",
            ),
        ),
        frozenset({"role revoked", "member disabled", "self-approval", "not refused"}),
        ("role_taken_away", "member_disabled"),
    ),
    Bug(
        "tokens are cached by each worker",
        (
            (
                "service/caller.py",
                "        bearer = await people.bearer_of(token, now)\n",
                "        bearer = _CACHED.get(token) or await people.bearer_of(token, now)\n"
                "        _CACHED[token] = bearer\n",
            ),
            ("service/caller.py", "# Whom a token of", "_CACHED = {}\n# Whom a token of"),
            (_PERFORM, " or await self.has_lost_token():", ":"),
        ),
        frozenset({"token revoked", "not refused"}),
        ("token_revoked",),
    ),
    Bug(
        "tokens are looked at only before the lock",
        ((_PERFORM, " or await self.has_lost_token():", ":"),),
        frozenset({"token revoked"}),
        ("token_revoked",),
    ),
    Bug(
        "approval ignores the hash",
        (
            (
                _GUARDS,
                "    if case.content_hash == current:\n",
                "    if case.content_hash == current or case.intent.action is Action.APPROVE:\n",
            ),
        ),
        frozenset({"stale decision"}),
        ("stale_decision",),
    ),
    Bug(
        "makers may decide on their own work",
        ((_GUARDS, "if case.actor not in case.at_hand.contributors:", "if True:"),),
        frozenset({"self-approval"}),
        ("own_work", "promoted_maker"),
    ),
    Bug(
        "only the creator counts as a maker",
        (
            (
                _GUARDS,
                "if case.actor not in case.at_hand.contributors:",
                "if case.actor != case.at_hand.created_by:",
            ),
        ),
        frozenset({"self-approval"}),
        ("own_work",),
    ),
    Bug(
        "expectedVersion is not looked at",
        ((_GUARDS, "if expected is None or expected == current:", "if True:"),),
        frozenset({"stale write"}),
        ("same_version", "bustle"),
    ),
    Bug(
        "an edit leaves the review open",
        (
            (
                "workflow/effects.py",
                "    undone = _undone(case, RequestStatus.SUPERSEDED)\n",
                "    undone = case.at_hand\n",
            ),
        ),
        frozenset({"row is not its log", "stale read", "unavailable", "unexpected error"}),
        ("stale_decision", "decision_and_edit", "swapped_after_approval"),
    ),
    Bug(
        "what is sent may be published again",
        (
            (
                "workflow/transitions.py",
                "        source=frozenset({S.APPROVED}),\n        target=S.SENT,\n"
                "        permission=P.PUBLISH,\n        when=when.is_manual,\n",
                "        source=frozenset({S.APPROVED, S.SENT}),\n        target=S.SENT,\n"
                "        permission=P.PUBLISH,\n        when=when.is_manual,\n",
            ),
        ),
        frozenset({"double publication", "illegal transition", "unexpected error"}),
        ("double_publish",),
    ),
    Bug(
        "ids of other accounts are found",
        (
            (
                "persistence/whole.py",
                '_campaigns(words, "= $2",',
                '_campaigns(words, "= $2 OR c.id = $2",',
            ),
        ),
        frozenset({"other account", "wrong answer", "unexpected error"}),
        ("other_account", "review"),
    ),
    Bug(
        "submitted while approvals are off",
        ((_GUARDS, "    if case.account.approvals_enabled:\n", "    if True:\n"),),
        frozenset({"switch"}),
        ("switched_off_while_pending",),
        accounts=1,
    ),
    Bug(
        "switched off in two transactions",
        (
            (
                _TASKS,
                "        for campaign in (*live, *overdue):\n"
                "            await _release(switched, campaign, intent, user_id)\n",
                "        async def later():\n"
                "            await asyncio.sleep(0.3)\n"
                "            for campaign in (*live, *overdue):\n"
                "                await _release(switched, campaign, intent, user_id)\n\n"
                "        asyncio.get_running_loop().create_task(later(), context=contextvars.Context())\n",
            ),
            (_TASKS, "import re\n", "import asyncio\nimport contextvars\nimport re\n"),
        ),
        frozenset({"switch", "broken chain", "row is not its log"}),
        ("switched_off_while_pending",),
        accounts=1,
    ),
    Bug(
        "the chain forgets an entry",
        (("persistence/audit.py", "        previous = text\n", ""),),
        frozenset({"broken chain"}),
        ("review",),
    ),
    Bug(
        "the audit log is written after the commit",
        (
            (
                "service/record.py",
                "    numbers = await audit.append(scene.account.id, *entries)\n",
                "    async def later():\n"
                "        await asyncio.sleep(0.05)\n"
                "        await audit.append(scene.account.id, *entries)\n\n"
                "    asyncio.get_running_loop().create_task(later(), context=contextvars.Context())\n"
                "    numbers = [time.time_ns() + place for place, _ in enumerate(entries)]\n",
            ),
            (
                "service/record.py",
                "from collections.abc import Mapping\n",
                "import asyncio\nimport contextvars\nimport time\nfrom collections.abc import Mapping\n",
            ),
        ),
        TORN,
        BUSY,
        KILLS,
    ),
    Bug(
        "the outbox is written after the commit",
        (
            (
                "service/record.py",
                "    await outbox.write(messages)\n",
                "    async def later():\n"
                "        await asyncio.sleep(1)\n"
                "        await outbox.write(messages)\n\n"
                "    asyncio.get_running_loop().create_task(later(), context=contextvars.Context())\n",
            ),
            (
                "service/record.py",
                "from collections.abc import Mapping\n",
                "import asyncio\nimport contextvars\nfrom collections.abc import Mapping\n",
            ),
        ),
        frozenset({"lost message"}),
        ("review",),
        KILLS,
    ),
    Bug(
        "webhooks are told before the commit",
        (
            (
                "persistence/announcing.py",
                "        await outbox.write(_message(row, webhook, _body(row, about)) for row, webhook in told)\n",
                "        messages = [_message(row, webhook, _body(row, about)) for row, webhook in told]\n"
                "        await outbox.write(messages)\n"
                "        await _tell(receivers[0], messages)\n",
            ),
            (
                "persistence/announcing.py",
                "async def _about(",
                "async def _tell(receiver, messages):\n"
                "    import asyncio, httpx\n"
                "    from datetime import UTC, datetime\n"
                "    from gql_approvals.relay.handover import signed_headers, webhook_of\n"
                "    from gql_approvals.workflow.content import canonical\n\n"
                "    now = datetime.now(UTC)\n"
                "    async with httpx.AsyncClient(trust_env=False) as client:\n"
                "        for one in messages:\n"
                "            body = canonical(one.payload)\n"
                "            signer = webhook_of(receiver.secrets[0])\n"
                "            headers = signed_headers(signer, one.key, body.decode(), now)\n"
                "            await client.post(receiver.url, content=body, headers=headers)\n"
                "    await asyncio.sleep(0.4)\n\n\n"
                "async def _about(",
            ),
        ),
        frozenset({"ghost"}),
        BUSY,
        KILLS,
        accounts=1,
        seconds=20,
    ),
    Bug(
        "marked as delivered before it is sent",
        (
            (
                "relay/lane.py",
                "                outcome = await self._attempt(message)\n",
                '                await self._settle(message, Delivered("early"))\n'
                "                outcome = await self._attempt(message)\n",
            ),
        ),
        frozenset({"lost message"}),
        ("review",),
        ("mail_451", "mail_reset", "http_500"),
    ),
    Bug(
        "a mail that is put off is dropped",
        (
            (
                _SMTP,
                "    return Refused(_text(error)) if error.code in _PERMANENT else Failed(_text(error))",
                "    return Refused(_text(error))",
            ),
        ),
        frozenset({"lost message"}),
        ("review",),
        ("mail_451",),
    ),
    Bug(
        "leases do not run out",
        (
            (
                _OUTBOX,
                "free = Q(leased_until=None) | Q(leased_until__lte=now) | set_back",
                "free = Q(leased_until=None)",
            ),
        ),
        frozenset({"undelivered"}),
        ("review",),
        ("kill9_worker", "mail_hang", "http_hang"),
        seconds=15,
    ),
    Bug(
        "leases are no leases",
        ((_OUTBOX, ".update(leased_until=now + LEASE)", ".update(leased_until=None)"),),
        frozenset({"redelivered"}),
        ("review",),
    ),
)
BUGS: Mapping[str, Bug] = {bug.name: bug for bug in _TABLE}
