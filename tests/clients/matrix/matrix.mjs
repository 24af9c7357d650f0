// node matrix/matrix.mjs URL [MAKER CHECKER]: what works with which client, against the server at URL.
// MAKER and CHECKER are tokens, the demo's if they are left out. Ends with 0 when every cell passed.
import { readFileSync } from "node:fs";
import * as cells from "./cells.mjs";
import { clients } from "./clients.mjs";

const LIMIT_S = 150;
const NAMES = ["query", "mutation", "error", "subscription"];
const [url, maker = "demo-insecure-maya", checker = "demo-insecure-chen"] = process.argv.slice(2);

function versionOf(npm) {
  const file = new URL(`../node_modules/${npm}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")).version;
}

async function outcome(client, name) {
  const people = {
    maker: client.connect({ url, token: maker }),
    checker: client.connect({ url, token: checker }),
    nobody: client.connect({ url }),
  };
  try {
    await cells[name]({ ...people, sendsAnyText: client.sendsAnyText });
    await client.also?.[name]?.({ url, token: maker });
    return "passes";
  } catch (error) {
    console.error(`${client.npm}, ${client.name}: ${name}\n${error.stack}\n`);
    return "FAILS";
  } finally {
    for (const one of Object.values(people)) one.close();
  }
}

setTimeout(() => {
  console.error(`not done after ${LIMIT_S} s`);
  process.exit(2);
}, LIMIT_S * 1000);

const rows = [];
for (const client of clients) {
  const found = [];
  for (const name of NAMES) found.push(await outcome(client, name));
  rows.push([`\`${client.npm}\`, ${client.name}`, versionOf(client.npm), ...found]);
}
const table = [["client", "version", ...NAMES], ["---", "---", ...NAMES.map(() => "---")], ...rows];
for (const row of table) console.log(`| ${row.join(" | ")} |`);
process.exit(rows.some((row) => row.includes("FAILS")) ? 1 : 0);
