/** The navigation between the pages: a rail on the left, on a phone a bar at the bottom. Who has only the inbox sees none. */
import { useStore } from '../context.ts';
import { t, tOr } from '../i18n.ts';
import { hashOf, pagesOf, pathOf } from '../route.ts';
import { Icon, type IconName } from './Icon.tsx';

function Item({
  href,
  icon,
  text,
  here,
  count = 0,
}: {
  href: string;
  icon: IconName;
  text: string;
  here: boolean;
  count?: number;
}) {
  return (
    <a class="nav-item" href={href} aria-current={here ? 'page' : undefined}>
      <span class="nav-icon">
        <Icon name={icon} size={22} />
        {count > 0 && <span class="badge">{count > 99 ? '99+' : count}</span>}
      </span>
      <span class="nav-text">{text}</span>
    </a>
  );
}

/** Links to the pages that one's role has. */
export function Nav() {
  const store = useStore();
  const here = store.place.value.page;
  const listed = pagesOf(store.people.value.me.role).filter((p) => p.icon);
  if (!listed.length) return null;
  return (
    <nav class="nav" aria-label={t('nav.label')}>
      <Item
        href={pathOf(store.selected.value)}
        icon="chat"
        text={t('nav.inbox')}
        here={here === ''}
        count={here === '' ? 0 : store.unread.value + store.waitingCount.value}
      />
      {listed.map(({ name, icon = 'question' }) => (
        <Item
          key={name}
          href={hashOf({ page: name, path: '' })}
          icon={icon}
          text={tOr(`nav.${name}`, 'nav.other')}
          here={here === name || here.startsWith(`${name}/`)}
        />
      ))}
    </nav>
  );
}
