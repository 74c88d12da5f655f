/** Set up: one page of the console, with a list of what there is to set on its left, on a phone above. */
import type { ComponentType } from 'preact';
import { Fetched } from '../components/LazyPage.tsx';
import { useStore } from '../context.ts';
import { lang } from '../i18n.ts';
import { useInView } from '../inview.ts';
import type { Page, PageProps } from '../route.ts';
import { Blocks } from '../setup/Blocks.tsx';
import { Channels } from '../setup/Channels.tsx';
import { General } from '../setup/General.tsx';
import { Audit, History, Reports } from '../setup/Past.tsx';
import { Replies } from '../setup/Replies.tsx';
import { Security } from '../setup/Security.tsx';
import { Sites } from '../setup/Sites.tsx';
import { Start } from '../setup/Start.tsx';
import { Agents, Groups } from '../setup/Team.tsx';
import { Webhooks } from '../setup/Webhooks.tsx';
import { w } from '../setup/words.ts';

const admin = ['admin'];
const leaders = ['supervisor', 'admin'];
const all = ['agent', 'supervisor', 'admin'];

const receptionist: Page = {
  name: 'setup/receptionist',
  roles: ['supervisor', 'admin'],
  styled: true,
  load: () => import('../receptionist/Receptionist.tsx'),
};

interface Part {
  readonly name: Parameters<typeof w>[0];
  readonly roles: readonly string[];
  /** `path` is what follows the name in the address. */
  readonly Body: ComponentType<PageProps>;
}

/** What there is, in order, and for whom; the server decides what they may do there. */
const parts: readonly Part[] = [
  { name: 'start', roles: admin, Body: Start },
  { name: 'sites', roles: admin, Body: Sites },
  { name: 'receptionist', roles: leaders, Body: ({ path }) => <Fetched page={receptionist} path={path} /> },
  { name: 'agents', roles: admin, Body: Agents },
  { name: 'groups', roles: admin, Body: Groups },
  { name: 'replies', roles: all, Body: Replies },
  { name: 'blocks', roles: leaders, Body: Blocks },
  { name: 'channels', roles: admin, Body: Channels },
  { name: 'webhooks', roles: admin, Body: Webhooks },
  { name: 'general', roles: admin, Body: General },
  { name: 'reports', roles: leaders, Body: Reports },
  { name: 'history', roles: admin, Body: History },
  { name: 'audit', roles: admin, Body: Audit },
  { name: 'security', roles: all, Body: Security },
];

export default function Setup({ path }: PageProps) {
  const store = useStore();
  const { role } = store.people.value.me;
  const mine = parts.filter((p) => p.roles.includes(role));
  const [name = '', ...rest] = path.split('/');
  const here = mine.find((p) => p.name === name) ?? mine[0];
  const menu = useInView(here?.name);
  if (!here) return null;
  return (
    <div class="setup" key={lang.value}>
      <h1 class="spoken">{w('title')}</h1>
      <nav class="setup-nav" aria-label={w('menu')}>
        <div class="setup-menu" ref={menu}>
          {mine.map((p) => (
            <a key={p.name} href={`#/setup/${p.name}`} aria-current={p === here ? 'page' : undefined}>
              {w(p.name)}
            </a>
          ))}
        </div>
      </nav>
      <div class="setup-body" key={here.name}>
        <here.Body path={here.name === name ? rest.join('/') : ''} />
      </div>
    </div>
  );
}
