/** The whole page: signing in, or the bar and the three panes, with the dialog that is open. */
import { useStore } from '../context.ts';
import { t } from '../i18n.ts';
import { Details } from './Details.tsx';
import { Help } from './Help.tsx';
import { LazyPage } from './LazyPage.tsx';
import { Lists } from './Lists.tsx';
import { Login } from './Login.tsx';
import { Nav } from './Nav.tsx';
import { Palette } from './Palette.tsx';
import { Password } from './Password.tsx';
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
    case 'password':
      return <Password />;
    case 'help':
      return <Help />;
    case 'palette':
      return <Palette />;
    default:
      return null;
  }
}

function Inbox() {
  const store = useStore();
  const chat = store.chat.value;
  return (
    <main class="panes" data-list={store.prefs.value.list === false && chat ? 'off' : undefined}>
      <h1 class="spoken">{t('app.title')}</h1>
      <Lists />
      <Thread />
      {store.details.value && chat && <Details chat={chat} />}
    </main>
  );
}

/** The form to sign in, or the desk. */
export function App() {
  const store = useStore();
  if (!store.session.value) return <Login />;
  const place = store.place.value;
  const pane = 'path' in place ? 'page' : store.selected.value ? 'thread' : 'list';
  return (
    <div class="app" data-pane={pane}>
      <button type="button" class="skip" onClick={() => document.getElementById(pane === 'page' ? 'page' : 'thread')?.focus()}>
        {t(pane === 'page' ? 'app.skipPage' : 'app.skip')}
      </button>
      <TopBar />
      <LinkBanner />
      <div class="body">
        <Nav />
        {'path' in place ? <LazyPage name={place.page} path={place.path} /> : <Inbox />}
      </div>
      <OpenDialog />
      <Announcer />
    </div>
  );
}
