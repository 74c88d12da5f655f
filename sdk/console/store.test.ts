import { beforeEach, describe, expect, it } from 'vitest';
import { type Drafts, openDrafts } from './drafts.ts';
import { lang } from './i18n.ts';
import { commandOf, type Press, shortcuts } from './keys.ts';
import { hashOf, idOf, type Page, pathOf, placeOf } from './route.ts';
import { Staging } from './staging.ts';
import type { Storages } from './storage.ts';
import { Store } from './store.ts';
import { World } from './test/world.ts';

class Area {
  readonly pairs = new Map<string, string>();
  denied = false;
  getItem(key: string) {
    if (this.denied) throw new Error('denied');
    return this.pairs.get(key) ?? null;
  }
  setItem(key: string, value: string) {
    if (this.denied) throw new Error('denied');
    this.pairs.set(key, value);
  }
  removeItem(key: string) {
    if (this.denied) throw new Error('denied');
    this.pairs.delete(key);
  }
}

let world: World;
let storages: { session: Area; local: Area } & Storages;
let store: Store;
let narrow: boolean;
let opening: Promise<void> | undefined; // what opening the desk of an account waits for

/** A page of the console: the store as main.tsx wires it. */
function newStore(): Store {
  const made = new Store({
    api: world.api,
    storages,
    now: () => world.clock.now(),
    narrow: () => narrow,
    async open(me, hooks) {
      await opening;
      const live = await world.open(me, hooks);
      const staging = new Staging({ kv: world.device.kv(), upload: () => Promise.reject(new Error('no')), newId: () => 'id' });
      return { live, drafts: await openDrafts(world.device.kv()), staging };
    },
  });
  return made;
}

beforeEach(() => {
  lang.value = 'en';
  narrow = false;
  opening = undefined;
  world = new World();
  storages = { session: new Area(), local: new Area() };
  store = newStore();
});

const signIn = async (stay = false) => {
  const refused = await store.signIn('lina', 'correct horse', stay);
  await world.clock.run(100);
  return refused;
};

describe('signing in', () => {
  it('opens the desk and keeps the token for this tab only', async () => {
    expect(await signIn()).toBeUndefined();
    expect(store.connected.value).toBe(true);
    expect(storages.session.pairs.size).toBe(1);
    expect(storages.local.pairs.size).toBe(0);
  });

  it('to stay keeps it for other tabs too, and a new page takes it up', async () => {
    await signIn(true);
    expect([storages.session.pairs.size, storages.local.pairs.size]).toEqual([0, 1]);
    store.pause();
    store = newStore();
    await store.resume();
    await world.clock.run(100);
    expect(store.connected.value).toBe(true);
  });

  it('that fails says why, and keeps nothing', async () => {
    expect(await store.signIn('lina', 'wrong', true)).toEqual({ code: 'unauthorized', retry: undefined });
    world.desk.fail.set('POST /v1/login', { status: 429, body: { code: 'rate_limited', retry: 30 } });
    expect(await store.signIn('lina', 'wrong', true)).toEqual({ code: 'rate_limited', retry: 30 });
    expect(store.session.value).toBeUndefined();
    expect(storages.local.pairs.size).toBe(0);
  });

  it('works where storage is denied', async () => {
    storages.session.denied = storages.local.denied = true;
    expect(await signIn()).toBeUndefined();
    expect(store.connected.value).toBe(true);
  });

  it('of a kept session that makes no sense does not begin', async () => {
    storages.session.pairs.set('kefu.session', '{"token":3}');
    await store.resume();
    expect(store.session.value).toBeUndefined();
  });
});

describe('signing out', () => {
  it('forgets the token, whatever the server says', async () => {
    await signIn(true);
    world.desk.fail.set('POST /v1/logout', { status: 503, body: {} });
    await store.signOut();
    expect(store.session.value).toBeUndefined();
    expect(storages.local.pairs.size).toBe(0);
    expect(store.notice.value).toBeUndefined();
  });

  it('by the server says why, and keeps the place for when one is back', async () => {
    world.desk.visitor('c1');
    await signIn();
    store.select('c1');
    world.desk.cut(4501);
    await world.clock.run(100);
    expect(store.session.value).toBeUndefined();
    expect(store.notice.value).toBe('revoked');
    expect(store.selected.value).toBe('c1');
    await signIn();
    expect(store.notice.value).toBeUndefined();
    expect(store.chat.value?.history).toBe('ready');
  });

  it('while the desk is still being opened leaves nothing open', async () => {
    let open = () => {};
    opening = new Promise((done) => {
      open = done;
    });
    const signing = store.signIn('lina', 'correct horse', false);
    await world.clock.run(100);
    await store.signOut();
    open();
    await signing;
    await world.clock.run(100);
    expect(store.live.value).toBeUndefined();
    expect(store.session.value).toBeUndefined();
    expect(world.got('hello')).toEqual([]);
  });
});

describe('a new password', () => {
  it('begins a new session at once, in the same place', async () => {
    await signIn(true);
    await store.changePassword('correct horse', 'battery staple');
    await world.clock.run(5_000);
    expect(store.connected.value).toBe(true);
    expect(world.got('hello')).toHaveLength(2);
    expect(storages.local.pairs.size).toBe(1);
    expect(await world.api.login('lina', 'battery staple')).toMatchObject({ token: 'token-lina' });
  });

  it('that is refused changes nothing', async () => {
    await signIn();
    world.desk.fail.set('PATCH /v1/agents/lina', { status: 400, body: { code: 'invalid' } });
    await expect(store.changePassword('correct horse', '12345678')).rejects.toMatchObject({ code: 'invalid' });
    await expect(store.changePassword('wrong horse', 'battery staple')).rejects.toMatchObject({ code: 'forbidden' });
    expect(store.connected.value).toBe(true);
  });
});

describe('the lists', () => {
  beforeEach(() => {
    for (const id of ['c1', 'c2', 'c3']) {
      world.desk.visitor(id);
      world.desk.visitorSays(id, `hello from ${id}`);
      world.desk.assign(id, 'lina');
    }
  });

  it('step to the next and the previous, and stop at the ends', async () => {
    await signIn();
    expect(store.step(1)).toBe('c1');
    expect(store.step(1)).toBe('c2');
    expect(store.step(-1)).toBe('c1');
    expect(store.step(-1)).toBe('c1');
    store.select(undefined);
    expect(store.step(-1)).toBe('c3');
  });

  it('have nothing to step to when they are empty', async () => {
    await signIn();
    store.lists.show('waiting');
    expect(store.step(1)).toBeUndefined();
  });

  it('count unread messages, and who waits', async () => {
    world.desk.visitor('c4');
    await signIn();
    expect([store.unread.value, store.waitingCount.value]).toEqual([3, 1]);
  });

  it('of all come page by page, without doubles, by their state', async () => {
    for (let i = 0; i < 60; i++) world.desk.visitor(`w${i}`);
    await signIn();
    store.lists.show('all');
    await world.clock.run(10);
    expect(store.lists.rows.value).toHaveLength(50);
    await store.lists.more();
    expect(store.lists.rows.value).toHaveLength(63);
    expect(store.lists.paged.value.all.next).toBeUndefined();
    await store.lists.choose('held');
    expect(store.lists.rows.value.map((id) => store.desk.value.chats.get(id)?.head.phase)).toEqual(['held', 'held', 'held']);
  });

  it('of all that could not be had say so, and can be had again', async () => {
    await signIn();
    world.desk.fail.set('GET /v1/conversations', { status: 503, body: {} });
    await store.lists.choose('any');
    expect(store.lists.paged.value.all.state).toBe('failed');
    await store.lists.choose('any');
    expect(store.lists.paged.value.all.state).toBe('ready');
  });

  it('of all do not mix the answers to two questions', async () => {
    await signIn();
    await Promise.all([store.lists.choose('held'), store.lists.choose('closed')]);
    expect(store.lists.filter.value).toBe('closed');
    expect(store.lists.paged.value.all).toMatchObject({ state: 'ready', ids: [] });
  });
});

describe('what is read aloud', () => {
  it('is who begins to wait, what is assigned, and what a visitor writes', async () => {
    await signIn();
    world.desk.visitor('c1', { name: 'Ann' });
    await world.clock.run(500);
    expect(store.spoken.value.text).toBe('New in the queue: Ann');
    world.desk.assign('c1', 'lina');
    await world.clock.run(500);
    expect(store.spoken.value.text).toBe('New conversation for you: Ann');
    world.desk.visitorSays('c1', 'hello');
    await world.clock.run(50);
    expect(store.spoken.value.text).toBe('New message from Ann');
    store.select('c1');
    world.desk.visitorSays('c1', 'anybody?');
    await world.clock.run(50);
    expect(store.spoken.value.text).toBe('Ann: anybody?');
  });

  it('is said twice when it happens twice', () => {
    store.say('x');
    const { n } = store.spoken.value;
    store.say('x');
    expect(store.spoken.value.n).toBe(n + 1);
  });
});

describe('drafts', () => {
  let drafts: Drafts;
  beforeEach(async () => {
    drafts = await openDrafts(world.device.kv());
  });

  it('are kept for each conversation and mode, over a reload', async () => {
    drafts.set('c1', { reply: 'half a sen' });
    drafts.set('c1', { mode: 'note', note: 'careful' });
    drafts.set('c2', { reply: 'other' });
    const again = await openDrafts(world.device.kv());
    expect(again.of('c1')).toEqual({ mode: 'note', reply: 'half a sen', note: 'careful' });
    expect(again.of('c2').reply).toBe('other');
    expect(again.of('c3')).toEqual({ mode: 'reply', reply: '', note: '' });
  });

  it('that are empty are forgotten', () => {
    drafts.set('c1', { reply: 'x' });
    drafts.set('c1', { reply: '' });
    expect(world.device.keys('draft/')).toEqual([]);
  });
});

describe('dialogs', () => {
  it('that say late that they were closed do not close the next one', () => {
    store.dialog.value = 'help';
    store.closeDialog('palette');
    expect(store.dialog.value).toBe('help');
    store.closeDialog('help');
    expect(store.dialog.value).toBeUndefined();
  });
});

describe('the pane of details', () => {
  it('is as one left it, where there is room', () => {
    store.toggleDetails();
    expect(newStore().details.value).toBe(true);
    store.select('c1');
    expect(store.details.value).toBe(true);
  });

  it('lies over the thread where there is none: another conversation is seen first', () => {
    store.toggleDetails();
    narrow = true;
    store = newStore();
    expect(store.details.value).toBe(false);
    store.toggleDetails();
    store.select('c1');
    expect(store.details.value).toBe(false);
    narrow = false;
    expect(newStore().details.value).toBe(true);
  });
});

describe('preferences', () => {
  it('are kept, and the language is in use at once', () => {
    store.prefer({ lang: 'zh-CN', theme: 'dark' });
    expect(lang.value).toBe('zh-CN');
    lang.value = 'en';
    expect(newStore().prefs.value).toEqual({ lang: 'zh-CN', theme: 'dark' });
    expect(lang.value).toBe('zh-CN');
  });
});

describe('the address', () => {
  it('names a conversation and nothing else', () => {
    for (const id of ['c_abc', 'ü/?#']) expect(idOf(pathOf(id))).toBe(id);
    for (const hash of ['', '#', '#/', '#/c/', '#/x/c1', '#/c/a/b', '#/c/%', `#/c/${'a'.repeat(129)}`])
      expect(idOf(hash), hash).toBeUndefined();
    expect(idOf(pathOf(undefined))).toBeUndefined();
  });

  it('names a page, the longest that there is, and what is left of the address', () => {
    const page = (name: string): Page => ({ name, roles: [], load: () => Promise.reject(new Error(name)) });
    const all = [page('floor'), page('setup'), page('setup/receptionist')];
    const places: [string, object][] = [
      ['#/floor', { page: 'floor', path: '' }],
      ['#/setup/agents/a_1', { page: 'setup', path: 'agents/a_1' }],
      ['#/setup/receptionist', { page: 'setup/receptionist', path: '' }],
      ['#/setup/receptionists', { page: 'setup', path: 'receptionists' }],
      ['#/floors', { page: '', id: undefined }],
      ['#/c/floor', { page: '', id: 'floor' }],
    ];
    for (const [hash, place] of places) expect(placeOf(hash, all), hash).toEqual(place);
    for (const [hash] of places.slice(0, 4)) expect(hashOf(placeOf(hash, all))).toBe(hash);
  });

  it('keeps what is open in the inbox while another page is looked at', async () => {
    const store = newStore();
    store.select('c1');
    store.go({ page: 'floor', path: '' });
    expect(store.selected.value).toBe('c1');
    store.go({ page: '', id: 'c2' });
    expect([store.place.value, store.selected.value]).toEqual([{ page: '', id: 'c2' }, 'c2']);
  });
});

describe('keys', () => {
  const press = (over: Partial<Press>): Press => ({
    key: '',
    code: '',
    altKey: false,
    ctrlKey: false,
    metaKey: false,
    isComposing: false,
    ...over,
  });

  it('count by position, so that Alt+J works where it types ∆', () => {
    expect(commandOf(press({ key: '∆', code: 'KeyJ', altKey: true }), true)).toBe('next');
  });

  it('leave typing alone', () => {
    expect(commandOf(press({ key: '?', code: 'Slash' }), true)).toBeUndefined();
    expect(commandOf(press({ key: '?', code: 'Slash' }), false)).toBe('help');
    expect(commandOf(press({ key: 'j', code: 'KeyJ' }), false)).toBeUndefined();
    expect(commandOf(press({ code: 'KeyJ', altKey: true, isComposing: true }), true)).toBeUndefined();
    expect(commandOf(press({ code: 'KeyJ', altKey: true, ctrlKey: true }), false)).toBeUndefined();
  });

  it('are each explained once', () => {
    expect(new Set(shortcuts.map((s) => s.keys)).size).toBe(shortcuts.length);
  });
});
