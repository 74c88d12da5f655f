import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, codeOf, createApi } from './api.ts';

interface Call {
  url: string;
  init: RequestInit;
}

/** An API whose every request gets one answer, and the requests it made. */
function against(answer: Response | Error, token?: string) {
  const calls: Call[] = [];
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    calls.push({ url, init });
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return { api: createApi('https://desk.example', () => token), calls };
}
afterEach(() => vi.unstubAllGlobals());

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers });
const header = (call: Call | undefined, name: string) => new Headers(call?.init.headers).get(name);

describe('requests', () => {
  it('carry the token in a header, never in the address', async () => {
    const { api, calls } = against(json({ conversations: [] }), 'secret');
    await api.conversations({ phase: 'closed', before: 'a b&c', limit: 50 });
    expect(calls[0]?.url).toBe('https://desk.example/v1/conversations?phase=closed&before=a+b%26c&limit=50');
    expect(header(calls[0], 'Authorization')).toBe('Bearer secret');
    expect(calls[0]?.init.credentials).toBe('omit');
  });

  it('to sign in carry none, also when there is an old one', async () => {
    const { api, calls } = against(json({ token: 't', agent: {} }), 'old');
    await api.login('lina', 'correct horse');
    expect(header(calls[0], 'Authorization')).toBeNull();
    expect(JSON.parse(String(calls[0]?.init.body))).toEqual({ name: 'lina', password: 'correct horse' });
  });

  it('escape what they put into the path', async () => {
    const { api, calls } = against(json({ events: [], more: false }), 't');
    await api.events('../agents?x', 10, 50);
    expect(calls[0]?.url).toBe('https://desk.example/v1/conversations/..%2Fagents%3Fx/events?before=10&limit=50');
  });

  it('that have no answer to give resolve', async () => {
    const { api } = against(new Response(null, { status: 204 }), 't');
    await expect(api.logout()).resolves.toBeUndefined();
  });

  it('unwrap lists', async () => {
    expect(await against(json({ agents: [{ id: 'a' }] })).api.agents()).toEqual([{ id: 'a' }]);
    expect(await against(json({ groups: [{ id: 'g', name: 'G' }] })).api.groups()).toEqual([{ id: 'g', name: 'G' }]);
  });
});

describe('a token that is replaced while a question is on its way', () => {
  it('is not the end of the session: the question is put again, once', async () => {
    const used: (string | null)[] = [];
    let token = 'old';
    vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
      used.push(new Headers(init.headers).get('Authorization'));
      token = 'new';
      return used.length === 1 ? json({ code: 'unauthorized' }, 401) : json({ agents: [] });
    });
    await expect(createApi('', () => token).agents()).resolves.toEqual([]);
    expect(used).toEqual(['Bearer old', 'Bearer new']);
  });

  it('of a session that has ended is not tried again', async () => {
    const { api, calls } = against(json({ code: 'unauthorized' }, 401), 't');
    await expect(api.agents()).rejects.toMatchObject({ code: 'unauthorized' });
    expect(calls).toHaveLength(1);
  });
});

describe('failures', () => {
  const failure = async (answer: Response | Error): Promise<ApiError> => {
    const e = await against(answer)
      .api.agents()
      .catch((x: unknown) => x);
    expect(e).toBeInstanceOf(ApiError);
    return e as ApiError;
  };

  it('have the code and the words of the problem', async () => {
    const e = await failure(json({ code: 'conflict', title: 'Conflict', detail: 'the name is taken' }, 409));
    expect([e.code, e.message]).toEqual(['conflict', 'the name is taken']);
  });

  it.each([
    [400, 'invalid'],
    [401, 'unauthorized'],
    [404, 'not_found'],
    [429, 'rate_limited'],
    [502, 'internal'],
    [503, 'unavailable'],
  ])('of a proxy that answers %d in HTML are %s', async (status, code) => {
    expect((await failure(new Response('<h1>no</h1>', { status }))).code).toBe(code);
  });

  it('say how long to wait, by the problem or the header, in whole seconds', async () => {
    expect((await failure(json({ code: 'rate_limited', retry: 2.3 }, 429))).retry).toBe(3);
    expect((await failure(json({}, 429, { 'Retry-After': '7' }))).retry).toBe(7);
    expect((await failure(json({}, 429))).retry).toBeUndefined();
  });

  it('without an answer are offline', async () => {
    expect((await failure(new TypeError('Failed to fetch'))).code).toBe('offline');
  });

  it('of any other kind have a code too', () => {
    expect(codeOf(new Error('x'))).toBe('internal');
    expect(codeOf(new ApiError('full', ''))).toBe('full');
  });
});
