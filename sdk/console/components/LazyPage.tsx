/** A page of route.ts: fetched when it is first opened, with what to do when it can not be. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useStore } from '../context.ts';
import { t } from '../i18n.ts';
import { type Page, type PageProps, pages } from '../route.ts';

type Loaded = ComponentType<PageProps>;

/** Puts the style sheet of a page into the document, once, and waits for it: a page must not be seen without. */
function styled({ name, styled: has }: Page): Promise<void> {
  const href = `pages/${name.replaceAll('/', '-')}.css`;
  if (!has || document.querySelector(`link[href="${CSS.escape(href)}"]`)) return Promise.resolve();
  const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href });
  return new Promise((done, fail) => {
    link.onload = () => done();
    link.onerror = () => {
      link.remove();
      fail(new Error(href));
    };
    document.head.append(link);
  });
}

function usePage(page: Page): { Found: Loaded | undefined; failed: boolean; again: () => void } {
  const [state, setState] = useState<{ page?: Page; Found?: Loaded; failed?: boolean }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let left = false;
    const set = (next: typeof state) => !left && setState(next);
    setState({});
    Promise.all([page.load(), styled(page)]).then(
      ([{ default: Found }]) => set({ page, Found }),
      () => set({ page, failed: true }),
    );
    return () => {
      left = true;
    };
  }, [page, turn]);
  const mine = state.page === page;
  return { Found: mine ? state.Found : undefined, failed: mine && !!state.failed, again: () => setTurn(turn + 1) };
}

/** A page once it is here; while it is not, what to do about that. */
export function Fetched({ page, path }: { page: Page; path: string }) {
  const { Found, failed, again } = usePage(page);
  if (Found) return <Found path={path} />;
  if (!failed) return <p class="log-edge">{t('app.loading')}</p>;
  // After an update of the server the file may have another name: then only the whole page helps.
  return (
    <div class="blank" role="alert">
      <h2>{t('page.failed')}</h2>
      <p>{t('page.failedHint')}</p>
      <div class="page-failed">
        <button type="button" class="button primary" onClick={again}>
          {t('app.retry')}
        </button>
        <button type="button" class="button" onClick={() => location.reload()}>
          {t('link.reload')}
        </button>
      </div>
    </div>
  );
}

/** The page of that name. */
export function LazyPage({ name, path }: { name: string; path: string }) {
  const store = useStore();
  const page = pages.find((p) => p.name === name);
  const mine = page?.roles.includes(store.people.value.me.role);
  return (
    <main class="page" id="page" tabIndex={-1}>
      {page && mine ? (
        <Fetched page={page} path={path} />
      ) : (
        <div class="blank">
          <h1>{t('page.forbidden')}</h1>
        </div>
      )}
    </main>
  );
}
