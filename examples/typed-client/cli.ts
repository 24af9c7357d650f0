// The inbox in a terminal: node dist/cli.js list | watch | approve ID | reject ID REASON
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { CombinedError } from "@urql/core";
import { WebSocket } from "ws";
import { Approve, type Change, connect, entriesOf, type Entry, follow, Inbox, Reject, told, ToRead } from "./inbox.ts";

const url = process.env["GQL_URL"] ?? "http://127.0.0.1:8000/graphql";
const connection = connect(url, process.env["GQL_TOKEN"] ?? "demo-insecure-chen", WebSocket);
const { client } = connection;

// The data of an answer, or its error thrown.
function data<T>(result: { data?: T | undefined; error?: CombinedError | undefined }): T {
  if (result.error || !result.data) throw result.error ?? new Error("the answer is empty");
  return result.data;
}

function line({ campaign, note, revision: { audience }, submittedBy }: Entry): string {
  const words = `${campaign.name}: ${campaign.channel} to ${audience.estimatedSize} ${audience.segment}`;
  return `${campaign.id}  ${words}, by ${submittedBy.name}${note ? ` (${note})` : ""}`;
}

function show(entries: Entry[]): void {
  for (const entry of entries) console.log(`  ${line(entry)}`);
  console.log(`${entries.length} to review`);
}

function watch(): Promise<never> {
  const changes = ({ change, request }: Change) => console.log(`${change === "ADDED" ? "+" : "-"} ${line(request)}`);
  return new Promise((_, fails) => follow(connection, { begins: show, changes, fails }));
}

async function decide(id: string, verb: "approve" | "reject", reason = ""): Promise<void> {
  const { campaign } = data(await client.query(ToRead, { id }));
  if (!campaign) throw new Error(`there is no campaign \`${id}\` that you may see`);
  if (!campaign.openRequest) throw new Error(`\`${campaign.name}\` is ${campaign.status}: nothing to decide`);
  const { contentHash, revision } = campaign.openRequest;
  console.log(campaign.name, revision.content);
  if (!(await agreed(`${verb} exactly this? [y/N] `))) return console.log("nothing was decided");
  // The hash of what was on the screen; the key makes it safe to send the same again when no answer comes.
  const input = { campaignId: id, contentHash, idempotencyKey: randomUUID() };
  const result =
    verb === "approve"
      ? data(await client.mutation(Approve, { input })).approveCampaign
      : data(await client.mutation(Reject, { input: { ...input, reason } })).rejectCampaign;
  console.log(result ? told(result) : "the answer is empty");
  if (!result || "code" in result) process.exitCode = 1;
}

async function agreed(question: string): Promise<boolean> {
  const person = createInterface(process.stdin, process.stdout);
  const closed = new Promise<string>((resolve) => person.once("close", () => resolve("")));
  const answer = await Promise.race([person.question(question), closed]);
  person.close();
  return answer.trim().toLowerCase() === "y";
}

function inWords(error: Error): string {
  const fault: unknown = error instanceof CombinedError ? error.networkError : undefined;
  if (!(fault instanceof Object)) return error.message.replace("[GraphQL] ", "");
  const why = "reason" in fault ? fault.reason : "cause" in fault ? fault.cause : fault;
  return `${url}: ${why instanceof Error ? why.message : String(why)}`;
}

const [command, id, reason] = process.argv.slice(2);
const COMMANDS = new Map<string | undefined, () => Promise<void> | undefined>([
  ["list", async () => show(entriesOf(data(await client.query(Inbox, {}))))],
  ["watch", watch],
  ["approve", () => (id ? decide(id, "approve") : undefined)],
  ["reject", () => (id && reason ? decide(id, "reject", reason) : undefined)],
]);
try {
  const work = COMMANDS.get(command)?.();
  if (!work) throw new Error("usage: node dist/cli.js list | watch | approve ID | reject ID REASON");
  await work;
} catch (error) {
  console.error(inWords(error as Error));
  process.exitCode = 1;
}
