/** First steps: what a new desk needs, in order, with what is done already. */
import { useEffect, useState } from 'preact/hooks';
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import { get, type Value } from './form.tsx';
import { type Item, reasonOf } from './parts.tsx';
import { own } from './Start.words.ts';
import { w } from './words.ts';

interface Step {
  readonly name: 'greeting' | 'widget' | 'hours' | 'agents' | 'replies' | 'channels' | 'receptionist';
  readonly to: string;
  readonly done: boolean;
}

/** What the steps are told by, as the API has it. */
interface Desk {
  readonly settings: Value;
  readonly agents: readonly Item[];
  readonly replies: readonly Item[];
  readonly channels: readonly Item[];
  readonly conversations: readonly Item[];
}

/** The steps; a desk that has talked has its widget somewhere. */
export function stepsOf({ settings, agents, replies, channels, conversations }: Desk): readonly Step[] {
  const sites = (get(settings, 'sites') ?? []) as Value[];
  const some = (k: string) => sites.some((s) => (get(s, k) as readonly Value[] | undefined)?.length);
  return [
    { name: 'greeting', to: 'sites/basics', done: Number(get(settings, 'version')) > 0 },
    { name: 'widget', to: 'sites/look', done: conversations.length > 0 },
    { name: 'agents', to: 'agents', done: agents.filter((a) => a.disabled !== true).length > 1 },
    { name: 'hours', to: 'sites/hours', done: some('hours.spans') },
    { name: 'replies', to: 'replies', done: replies.length > 0 },
    { name: 'channels', to: 'channels', done: channels.length > 0 },
    { name: 'receptionist', to: 'receptionist/answers', done: some('receptionist.providers') },
  ];
}

/** The page. */
export function Start() {
  const { api } = useStore();
  const [found, set] = useState<{ steps: readonly Step[] } | { trouble: string }>();
  useEffect(() => {
    let left = false;
    const list = async (path: string, member: string) => (await api.ask<Record<string, Item[]>>('GET', path))[member] ?? [];
    const look = async () => {
      const [settings, agents, replies, channels, conversations] = await Promise.all([
        api.ask<Value>('GET', '/settings'),
        list('/agents', 'agents'),
        list('/replies', 'replies'),
        list('/channels', 'channels'),
        list('/conversations?limit=1', 'conversations'),
      ]);
      return { steps: stepsOf({ settings, agents, replies, channels, conversations }) };
    };
    look().then(
      (seen) => !left && set(seen),
      (e) => !left && set({ trouble: reasonOf(e) }),
    );
    return () => {
      left = true;
    };
  }, []);
  return (
    <section>
      <h2>{w('start')}</h2>
      <p class="hint">{own('about')}</p>
      {!found && <p class="hint">{w('loading')}</p>}
      {found && 'trouble' in found && <Trouble text={found.trouble} />}
      {found && 'steps' in found && <Steps list={found.steps} />}
    </section>
  );
}

function Steps({ list }: { list: readonly Step[] }) {
  const next = list.find((s) => !s.done);
  return (
    <ol class="setup-steps">
      {list.map(({ name, to, done }) => (
        <li key={name} class={done ? 'done-step' : undefined}>
          <div>
            <strong>{own(name)}</strong> {done && <span class="spoken">{own('done')}</span>}
            <div class="hint">{own(`${name}.hint`)}</div>
          </div>
          <a class={name === next?.name ? 'button primary' : 'button'} href={`#/setup/${to}`}>
            {own(done ? 'look' : 'go')}
            <span class="spoken">: {own(name)}</span>
          </a>
        </li>
      ))}
    </ol>
  );
}
