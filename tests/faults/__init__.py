"""The fault harness: nothing acknowledged is lost or doubled, nothing is decided without the right to.

A run (`run.py`) starts the real server with two workers in a place where anything can go wrong
(`weather/`), lets people into a few accounts (`town.py`), and gives clients stories to tell: what people do
all day (`stories.py`), and one story for each class of mistakes that approval systems are known for
(`directed.py`). Clients (`clients.py`) are patient, or hang up after 4 to 300 ms and ask again under the
same idempotency key, or send everything twice at once on two connections, or hang up and never come back.
What each asked for and was told is kept (`history.py`): acknowledged, refused with a code, or unknown.
Meanwhile faults strike, one after the other, beside them those of the clock and of the mail server, webhook
and sending system.

When the day is over every worker must work, the outbox must drain, and the server must end in time. Then
the judge reads the tables past the server (`ledger.py`), follows the audit log from its first entry with
rules of its own, and compares: each request with its effect, found by a text that is nowhere else
(`checks.py`), each entry with who could do that at that moment, each message with its cause
(`deliveries.py`).

    make faults                                    a minute on each database, every fault
    make faults ARGS="--database sqlite --seconds 20 --faults kill9_all,disk_full --seed 7"
    make faults ARGS=--long                        until the goals of `command.py` are reached
    make faults ARGS=--planted                     plant each mistake of `bugs.py` into a copy of the source
    make faults ARGS=--list                        faults, stories and mistakes
    make faults ARGS=--help

It ends with 1 when anything was found, and shows what proves it. A seed draws the same stories and faults
again; what happens at one instant differs from run to run, as it does for users. `test_checks.py` shows
that the judge finds each thing it speaks of, `test_faults.py` runs all of it for a moment.
"""
