import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a model was asked. */
export interface Asked {
  model: string;
  /** As it came: `Bearer …`. */
  auth: string;
  system: string;
  /** The last thing a user said. */
  user: string;
  tools: boolean;
}

/** What it says, and the tools that it calls with their arguments. */
export interface Reply {
  text?: string;
  calls?: [name: string, args: object][];
}

/**
 * A server of OpenAI's protocol on the loopback, as far as the desk speaks it: chat with a stream. `answer` decides what it
 * says; with `hold` it stops after the first words until `go`.
 */
export interface Model {
  /** Its base, as settings have it. */
  url: string;
  /** The one key it takes. */
  key: string;
  asked: Asked[];
  answer: (a: Asked) => Reply;
  /** Streams wait after their first piece. */
  hold(): void;
  /** They go on. */
  go(): void;
  stop(): void;
}

export async function startModel(key = 'sk-fake-0123456789'): Promise<Model> {
  let gate = Promise.resolve();
  let open = () => {};
  /** A model that says nothing for 5 s is given up: one that is held says a little. */
  const held = async (little: () => void) => {
    const beat = setInterval(little, 1000);
    await gate;
    clearInterval(beat);
  };
  const server = createServer((req, res) => {
    let raw = '';
    req.on('data', (piece) => (raw += piece));
    req.on('end', () => void serve(raw, req.headers.authorization ?? '', res));
  });
  const serve = async (raw: string, auth: string, res: ServerResponse) => {
    const {
      model,
      messages = [],
      tools,
    } = JSON.parse(raw) as {
      model: string;
      messages?: { role: string; content: string }[];
      tools?: object[];
    };
    const last = (role: string) => messages.filter((m) => m.role === role).at(-1)?.content ?? '';
    const asked = { model, auth, system: last('system'), user: last('user'), tools: !!tools?.length };
    own.asked.push(asked);
    const refuse = (status: number, message: string) => {
      res.writeHead(status, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ error: { message, type: 'error', code: String(status) } }));
    };
    if (auth !== `Bearer ${key}`) return refuse(401, `Incorrect API key provided: ${auth}`);
    if (model !== 'fake') return refuse(404, `The model \`${model}\` does not exist`);
    const { text = '', calls = [] } = own.answer(asked);
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    const chunk = (delta: object, finish: string | null = null) =>
      res.write(
        `data: ${JSON.stringify({
          id: 'c-1',
          object: 'chat.completion.chunk',
          created: 1,
          model,
          choices: [{ index: 0, delta, finish_reason: finish }],
        })}\n\n`,
      );
    const pieces = text.match(/.{1,12}/gsu) ?? [];
    for (const [i, content] of pieces.entries()) {
      chunk({ content });
      if (i === 1) await held(() => chunk({ content: ' ' })); // the first two are there
    }
    for (const [index, [name, args]] of calls.entries())
      chunk({
        tool_calls: [{ index, id: `call-${index}`, type: 'function', function: { name, arguments: JSON.stringify(args) } }],
      });
    chunk({}, calls.length ? 'tool_calls' : 'stop');
    const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
    const end = { id: 'c-1', object: 'chat.completion.chunk', created: 1, model, choices: [], usage };
    res.end(`data: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`);
  };
  const own: Model = {
    url: '',
    key,
    asked: [],
    answer: () => ({ text: 'OK' }),
    hold() {
      gate = new Promise((done) => {
        open = done;
      });
    },
    go() {
      open();
      gate = Promise.resolve();
    },
    stop() {
      open();
      server.closeAllConnections();
      server.close();
    },
  };
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  own.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return own;
}
