"""Everything that somebody can try on campaigns, and what was not answered as the rows say.

A refusal leaves every table as it was and no audit entry; an acceptance leaves exactly the entries that its
row names, and is then undone.
"""

import itertools

from tests.authorisation import rows
from tests.authorisation.expected import Cell
from tests.authorisation.world import RELATIONS, World
from tests.schema.client import CONTENT


def words(roles):
    return " and ".join(roles) or "no role"


def given(mutation, state):
    """What one naturally sends: everything about it is right."""
    content = {"sms": {"sms": CONTENT["sms"] | {"body": "Other"}}}.get(
        state.facts.channel, {"email": CONTENT["email"] | {"subject": "Other"}}
    )
    more = {
        "updateCampaign": {"content": content, "expectedVersion": state.version},
        "submitCampaign": {"note": "once more"},
        "approveCampaign": {"contentHash": state.hash},
        "rejectCampaign": {"contentHash": state.hash, "reason": "no"},
        "revokeApproval": {"reason": "stop"},
        "publishCampaign": {"contentHash": state.hash},
        "addComment": {"body": "Hm."},
    }
    return {"campaignId": state.id, **more.get(mutation, {})}


ON_CAMPAIGNS = [name for name, row in rows.MUTATIONS.items() if row.about == "campaign"]


async def try_campaigns(world: World, roles, accounts, *, labels=("",), relations=RELATIONS, states=None):
    """Let these roles try everything. `labels`: of their tokens, as in `SCOPES`; `states` None: all."""
    wrong = []
    await world.hold(roles)
    for account, relation, label in itertools.product(accounts, relations, labels):
        who = f"{relation}-{account}" + (f"/{label}" if label else "")
        cell = Cell(world.known.rulebook, account, roles, relation, label)
        for key, state in world.known.states[account].items():
            if states is not None and key not in states:
                continue
            sent = {mutation: given(mutation, state) for mutation in ON_CAMPAIGNS}
            answers = {mutation: cell.answer(mutation, key, state) for mutation in ON_CAMPAIGNS}
            entries = {mutation: cell.entries(mutation, key, state) for mutation in ON_CAMPAIGNS}
            quiet = {mutation: sent[mutation] for mutation, left in entries.items() if not left}
            if quiet:
                found = await world.mutate_all(who, account, quiet)
                wrong += [
                    (who, words(roles), mutation, key, result)
                    for mutation, result in found.items()
                    if result.get("code") != answers[mutation]
                ]
                wrong += judged(world, [], (who, words(roles), sorted(quiet), key))
            for mutation in ON_CAMPAIGNS:
                if mutation in quiet:
                    continue
                result = await world.mutate(who, mutation, account, **sent[mutation])
                if result.get("code", "done") != answers[mutation]:
                    wrong.append((who, words(roles), mutation, key, result))
                wrong += judged(world, entries[mutation], (who, words(roles), mutation, key))
    return wrong


def judged(world, entries, where):
    """What is wrong with what was written; it is put back."""
    if world.is_untouched():
        return [(*where, "left no entry")] if entries else []
    written, changed = world.new_entries(), world.differences()
    world.put_back()
    if not entries:
        return [(*where, "changed", changed)]
    return [] if written == entries else [(*where, "left", written, "instead of", entries)]
