/** Ctrl+K or ⌘K: whatever can be done or opened, by its name. */

import { useMemo, useRef, useState } from 'preact/hooks';
import { act } from '../commands.ts';
import { useStore } from '../context.ts';
import { type Key, t, tOr } from '../i18n.ts';
import { tabs } from '../listing.ts';
import { visitorName } from '../names.ts';
import { preview } from '../preview.ts';
import { pagesOf } from '../route.ts';
import { lastAt, lastSaid, tagsOf } from '../select.ts';
import type { Store } from '../store.ts';
import { Dialog } from './Dialog.tsx';
import { Icon, type IconName } from './Icon.tsx';

interface Item {
  readonly id: string;
  readonly icon: IconName;
  readonly name: string;
  readonly more?: string | undefined;
  readonly keys?: string;
  /** False: it can not be done now. */
  run(): unknown;
}

const MOST = 12;

function commands(store: Store): Item[] {
  const command = (name: Parameters<typeof act>[1], icon: IconName, label: Key, keys: string): Item => ({
    id: name,
    icon,
    name: t(label),
    keys,
    run: () => act(store, name),
  });
  const chat = store.chat.value && !store.place.value.page ? store.chat.value : undefined;
  const helps = chat && store.live.value?.assist.value.includes(chat.head.site);
  const assist: Item[] = helps
    ? [
        command('suggest', 'chat', 'help.suggest', 'Alt+G'),
        command('summary', 'file', 'help.summary', 'Alt+B'),
        command('translate', 'eye', 'help.translate', 'Alt+I'),
      ]
    : [];
  const about: Item[] = chat
    ? [
        command('take', 'inbox', 'help.take', 'Alt+T'),
        command('reply', 'send', 'help.reply', 'Alt+L'),
        command('note', 'lock', 'help.note', 'Alt+P'),
        command('transfer', 'transfer', 'action.transfer', ''),
        command('close', 'check', 'help.close', 'Alt+E'),
        command('details', 'info', 'help.details', 'Alt+O'),
      ]
    : [];
  return [...about, ...assist, ...places(store), ...choices(store)];
}

function places(store: Store): Item[] {
  const lists = tabs.map((tab) => ({
    id: `list-${tab}`,
    icon: 'chat' as const,
    name: `${t('palette.list')}: ${t(`list.${tab}`)}`,
    run: () => {
      store.go({ page: '', id: store.selected.value });
      store.lists.show(tab);
    },
  }));
  const pages = pagesOf(store.people.value.me.role).filter((p) => p.icon);
  return [
    ...lists,
    ...pages.map(({ name, icon = 'question' as const }) => ({
      id: `page-${name}`,
      icon,
      name: tOr(`nav.${name}`, 'nav.other'),
      run: () => store.go({ page: name, path: '' }),
    })),
  ];
}

function choices(store: Store): Item[] {
  return [
    ...(['online', 'away', 'offline'] as const).map((status) => ({
      id: status,
      icon: 'clock' as const,
      name: `${t('status.label')}: ${t(`status.${status}`)}`,
      run: () => store.live.value?.status({ status }),
    })),
    ...(['auto', 'light', 'dark'] as const).map((theme) => ({
      id: theme,
      icon: 'eye' as const,
      name: `${t('app.theme')}: ${t(`theme.${theme}`)}`,
      run: () => store.prefer({ theme }),
    })),
    { id: 'help', icon: 'keyboard', name: t('menu.help'), keys: '?', run: () => act(store, 'help') },
  ];
}

function chats(store: Store): Item[] {
  return [...store.desk.peek().chats.values()]
    .sort((a, b) => lastAt(b) - lastAt(a))
    .map((c) => {
      const last = lastSaid(c);
      return {
        id: c.id,
        icon: 'chat',
        name: [visitorName(c.head), ...tagsOf(c.head)].join(' · '),
        more: last && preview(last, c.head, store.people.value).slice(0, 120),
        run: () => store.select(c.id),
      };
    });
}

/** All that has every word, chats by what they show, at most MOST. */
function found(store: Store, text: string): Item[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const has = ({ name, more = '', id }: Item) => {
    const all = `${name}\n${more}\n${id}`.toLowerCase();
    return words.every((w) => all.includes(w));
  };
  const done = commands(store).filter(has);
  if (!words.length) return done.slice(0, MOST);
  return [...done.slice(0, MOST / 2), ...chats(store).filter(has)].slice(0, MOST);
}

/** The dialog. Up and down move, Enter does it. */
export function Palette() {
  const store = useStore();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const items = useMemo(() => found(store, text), [text, store.lists.shape.value, store.chat.value]);
  const i = Math.min(at, items.length - 1);
  const close = () => store.closeDialog('palette');
  const run = (item: Item | undefined) => {
    if (!item) return;
    close();
    item.run();
  };
  const key = (e: KeyboardEvent) => {
    if (e.isComposing || e.keyCode === 229) return;
    const by = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0;
    if (by) {
      const next = (i + by + items.length) % Math.max(items.length, 1);
      setAt(next);
      list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
    } else if (e.key === 'Enter') run(items[i]);
    else return;
    e.preventDefault();
  };
  return (
    <Dialog title={t('palette.title')} onClose={close}>
      <div class="palette">
        <input
          class="input"
          type="text"
          role="combobox"
          aria-label={t('palette.label')}
          placeholder={t('palette.label')}
          aria-expanded={items.length > 0}
          aria-controls="palette-list"
          aria-autocomplete="list"
          aria-activedescendant={items[i] ? `palette-${i}` : undefined}
          autoComplete="off"
          autoFocus
          value={text}
          onInput={({ currentTarget: { value } }) => {
            setText(value);
            setAt(0);
          }}
          onKeyDown={key}
        />
        <div id="palette-list" class="palette-list" role="listbox" aria-label={t('palette.title')} ref={list}>
          {items.map((item, n) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's, which keeps the focus
            <div
              key={item.id}
              id={`palette-${n}`}
              role="option"
              tabIndex={-1}
              aria-selected={n === i}
              class="palette-item"
              onClick={() => run(item)}
            >
              <Icon name={item.icon} />
              <span class="palette-text">
                <bdi>{item.name}</bdi>
                {item.more && <span class="hint">{item.more}</span>}
              </span>
              {item.keys && <kbd>{item.keys}</kbd>}
            </div>
          ))}
        </div>
        {items.length === 0 && <p class="hint">{t('palette.none')}</p>}
      </div>
    </Dialog>
  );
}
