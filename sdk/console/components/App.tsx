/** The whole page: signing in, or the bar and the three panes, with the dialog that is open. */
import { useStore } from '../context.ts';
import { t } from '../i18n.ts';
import { Details } from './Details.tsx';
import { Help } from './Help.tsx';
import { Lists } from './Lists.tsx';
import { Login } from './Login.tsx';
import { Password } from './Password.tsx';
import { Team } from './Team.tsx';
import { Thread } from './Thread.tsx';
import { LinkBanner, TopBar } from './TopBar.tsx';
import { Transfer } from './Transfer.tsx';

/** What is worth hearing is put here and read aloud when the reader has a moment. */
function Announcer() {
  const { n, text } = useStore().spoken.value;
  return (
    <div class="spoken" aria-live="polite" role="status">
      <p key={n}>{text}</p>
    </div>
  );
}

function OpenDialog() {
  const store = useStore();
  switch (store.dialog.value) {
    case 'transfer':
      return store.chat.value ? <Transfer chat={store.chat.value} /> : null;
    case 'team':
      return <Team />;
    case 'password':
      return <Password />;
    case 'help':
      return <Help />;
    default:
      return null;
  }
}

/** The form to sign in, or the desk. */
export function App() {
  const store = useStore();
  if (!store.session.value) return <Login />;
  const chat = store.chat.value;
  return (
    <div class="app" data-pane={store.selected.value ? 'thread' : 'list'}>
      <button type="button" class="skip" onClick={() => document.getElementById('thread')?.focus()}>
        {t('app.skip')}
      </button>
      <TopBar />
      <LinkBanner />
      <main class="panes">
        <h1 class="spoken">{t('app.title')}</h1>
        <Lists />
        <Thread />
        {store.details.value && chat && <Details chat={chat} />}
      </main>
      <OpenDialog />
      <Announcer />
    </div>
  );
}
