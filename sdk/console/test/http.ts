/** The HTTP side of the fake desk. */
import type { Conversation, LogEvent } from '../../visitor/wire.ts';
import type { Account, FakeDesk } from './fake.ts';

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

type Fields = Record<string, unknown>;

const ok = (body: unknown): Answer => ({ status: 200, body });
const problem = (status: number, code: string): Answer => ({ status, body: { code, title: code } });

const groups = [
  { id: 'default', name: 'default' },
  { id: 'sales', name: 'Sales 销售' },
];

/** Answers a request of the API. */
export function answer(desk: FakeDesk, method: string, url: string, token: string | undefined, body: Fields): Answer {
  const { pathname: path, searchParams: q } = new URL(url, 'http://desk');
  const key = `${method} ${path}`;
  const failure = desk.fail.get(key);
  if (failure) {
    if (!desk.broken.has(key)) desk.fail.delete(key);
    return failure;
  }
  if (path === '/v1/login') return login(desk, body);
  if (!token || !desk.accounts.has(token.replace(/^token-/, ''))) return problem(401, 'unauthorized');
  if (path === '/v1/logout') return { status: 204 };
  if (path === '/v1/agents') return ok({ agents: [...desk.accounts.values()].map(bare) });
  if (path.startsWith('/v1/agents/')) return change(desk, path.slice('/v1/agents/'.length), body);
  if (path === '/v1/groups') return ok({ groups });
  if (path === '/v1/sites') return ok({ sites: [{ id: 'default', name: 'The shop' }] });
  if (path === '/v1/uploads')
    return { status: 201, body: { url: '/v1/files/f_1/file', name: 'file.pdf', size: 70, mime: 'application/pdf' } };
  if (path === '/v1/replies') return ok({ replies: desk.replies });
  return conversations(desk, path, q);
}

function conversations(desk: FakeDesk, path: string, q: URLSearchParams): Answer {
  const limit = Number(q.get('limit'));
  const id = /^\/v1\/conversations\/([^/]+)/.exec(path)?.[1];
  if (!id) return ok(list(desk, q.get('phase'), q.get('q') ?? '', q.get('before'), limit));
  if (!desk.talks.has(id)) return problem(404, 'not_found');
  if (!path.endsWith('/events')) return ok(desk.headOf(id));
  return ok(page(desk, id, Number(q.get('before') ?? Number.POSITIVE_INFINITY), limit));
}

function login(desk: FakeDesk, body: Fields): Answer {
  const found = [...desk.accounts.values()].find((a) => a.name === body.name && a.password === body.password);
  return found ? ok({ token: `token-${found.id}`, agent: bare(found) }) : problem(401, 'unauthorized');
}

function change(desk: FakeDesk, id: string, body: Fields): Answer {
  const { current, ...change } = body;
  const account = desk.accounts.get(id);
  if (change.password && current !== account?.password) return problem(403, 'forbidden');
  Object.assign(account ?? {}, change);
  return ok({});
}

function page(desk: FakeDesk, id: string, before: number, limit: number): { events: LogEvent[]; more: boolean } {
  const older = desk.talk(id).log.filter((e) => e.seq < before);
  return { events: older.slice(-limit), more: older.length > limit };
}

function list(desk: FakeDesk, phase: string | null, text: string, before: string | null, limit: number) {
  const all = [...desk.talks.values()]
    .filter((t) => (!phase || t.head.phase === phase) && (t.head.visitor.name ?? '').includes(text))
    .sort((a, b) => (b.head.since ?? '').localeCompare(a.head.since ?? ''));
  const from = before ? all.findIndex((t) => t.head.id === before) + 1 : 0;
  const shown = all.slice(from, from + limit);
  const next = all.length > from + limit ? shown.at(-1)?.head.id : undefined;
  const found: { conversations: Conversation[]; next?: string } = { conversations: shown.map((t) => desk.headOf(t.head.id)) };
  return next ? { ...found, next } : found;
}

function bare({ password: _, ...rest }: Account) {
  return rest;
}
