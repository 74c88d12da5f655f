import { describe, expect, it, vi } from 'vitest';
import type { ServerFrame, Site } from '../visitor/wire.ts';
import { Rehearsal } from './preview.ts';

/** What it says, in its order. */
async function heardOf(site: Site, ...frames: object[]): Promise<ServerFrame[]> {
  vi.useFakeTimers();
  const heard: ServerFrame[] = [];
  const socket = new Rehearsal(site, { agent: 'Li', text: 'Like this.' });
  socket.onopen = () => {
    for (const frame of frames) socket.send(JSON.stringify(frame));
  };
  socket.onmessage = ({ data }) => heard.push(JSON.parse(data));
  await vi.advanceTimersByTimeAsync(1_000);
  socket.close();
  vi.useRealTimers();
  return heard;
}

const hello = { type: 'hello', v: 1, origin: 'o-12345678' };
const said = { type: 'send', origin: 'o-12345678', n: 1, body: { kind: 'text', text: 'hi' } };

describe('the preview of the widget', () => {
  it('welcomes to what is in the form, acknowledges and answers', async () => {
    const heard = await heardOf({ name: 'Tea', greeting: 'Not saved yet' }, hello, [said]);
    expect(heard.map((f) => f.type)).toEqual(['welcome', 'ack', 'conversation', 'event']);
    expect(heard[0]).toMatchObject({ site: { greeting: 'Not saved yet' }, reset: true, events: [] });
    expect(heard[1]).toMatchObject({ origin: 'o-12345678', n: 1, seq: 1, prev: 0 });
    expect(heard[3]).toMatchObject({ seq: 2, prev: 1, by: { name: 'Li' }, body: { text: 'Like this.' } });
  });

  it('has nobody who answers outside opening hours', async () => {
    const heard = await heardOf({ open: false }, hello, said, { type: 'ping' });
    expect(heard.map((f) => f.type)).toEqual(['welcome', 'ack', 'conversation', 'pong']);
    expect(heard[2]).toMatchObject({ conversation: { phase: 'waiting', seq: 1 } });
  });

  it('acknowledges what is no message too, and ends when it is told', async () => {
    const heard = await heardOf({}, hello, { type: 'end', origin: 'o-12345678', n: 1, session: 1 });
    expect(heard.slice(1)).toMatchObject([{ type: 'ack', n: 1 }, { conversation: { phase: 'closed' } }]);
  });
});
