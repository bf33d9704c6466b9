// As much of the API behind Claude Code as the tests need: it answers each message with `hello`, and one that says
// `Execute <<command>>` first with the wish to run it. Each message it was sent is a JSON line of the log.
// Run by the image's own Node: claude-api.ts <port> <log>.
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";

const [port = "", logFile = ""] = process.argv.slice(2);

const usage = { input_tokens: 1, output_tokens: 1 };

/** The events of one answer, as the API streams them. */
function answer(model: string, body: string) {
  const command = /Execute <<(.+?)>>/.exec(body)?.[1];
  const wish = command !== undefined && !body.includes('"tool_result"');
  const block = wish
    ? { type: "tool_use", id: "toolu_1", name: "Bash", input: {} }
    : { type: "text", text: "" };
  const delta = wish
    ? { type: "input_json_delta", partial_json: JSON.stringify({ command, description: "try it" }) }
    : { type: "text_delta", text: "hello" };
  const message = { id: "msg_1", type: "message", role: "assistant", model, content: [], usage };
  const stop_reason = wish ? "tool_use" : "end_turn";
  return [
    { type: "message_start", message: { ...message, stop_reason: null, stop_sequence: null } },
    { type: "content_block_start", index: 0, content_block: block },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage },
    { type: "message_stop" },
  ];
}

createServer((request, response) => {
  const { url = "", headers } = request;
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    if (!url.startsWith("/v1/messages")) {
      response.statusCode = 404;
      return response.end();
    }
    const model = /"model":"([^"]*)"/.exec(body)?.[1] ?? "";
    const result = /"tool_result","content":"([^"]*)"/.exec(body)?.[1];
    const { authorization, "x-api-key": key } = headers;
    appendFileSync(logFile, `${JSON.stringify({ authorization, key, model, result })}\n`);
    response.setHeader("Content-Type", "text/event-stream");
    for (const event of answer(model, body))
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    return response.end();
  });
}).listen(Number(port), "127.0.0.1");
