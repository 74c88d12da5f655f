/** Line icons on a 24 px grid, drawn by us. They are decoration: whoever uses one gives the words. */
const paths = {
  logo: 'M4 12a8 8 0 0 1 16 0v4.5A2.5 2.5 0 0 1 17.5 19H16v-6h4M4 13h4v6H6.5A2.5 2.5 0 0 1 4 16.5V12M16 19c0 1.7-1.8 2.5-4 2.5',
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6L6 18',
  back: 'M15 5l-7 7 7 7',
  down: 'M12 5v14M6 13l6 6 6-6',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5.5M12 7.5v.1',
  transfer: 'M4 8h13M13 4l4 4-4 4M20 16H7M11 12l-4 4 4 4',
  check: 'M4.5 12.5l5 5L19.5 7',
  read: 'M2 12.5l4.5 4.5L15 8M11.5 16l1.2 1L21.5 8',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5.2l3.3 2',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  alert: 'M12 4L2.8 20h18.4zM12 10v4.5M12 17.3v.1',
  reopen: 'M4 12a8 8 0 1 0 2.6-5.9M4 4v4.5h4.5',
  send: 'M4 12l16-8-5 16-3.5-6.5zM11.5 13.5L20 4',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
  team: 'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5M16 5a3.3 3.3 0 0 1 0 6.3M17.5 14.9c2.3.6 3.7 2.3 4 5.1',
  key: 'M14.5 14a5 5 0 1 0-4.3-2.5L3.5 18v2.5H7V18h2.5v-2.5l1.2-1.2M15.5 8.5v.1',
  keyboard: 'M3 6h18v12H3zM7 10v.1M11 10v.1M15 10v.1M17.5 10v.1M7 14.2h10',
  logout: 'M14 4H5v16h9M10 12h11M17 8l4 4-4 4',
  inbox: 'M4 13l3-8h10l3 8v6H4zM4 13h5l1.5 2.5h3L15 13h5',
  chat: 'M4 5h16v11H11l-5 4v-4H4z',
  minus: 'M6 12h12',
  plus: 'M12 6v12M6 12h12',
  file: 'M6 3h8l4 4v14H6zM14 3v5h4',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM16.5 16.5L21 21',
  attach: 'M19.5 11.5l-7.8 7.8a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7l-8.2 8.2a1.7 1.7 0 0 1-2.4-2.4l7.6-7.5',
  image: 'M4 5h16v14H4zM4 16l4.5-4.5 4 4L16 12l4 4M9 9.2v.1',
  sidebar: 'M4 5h16v14H4zM10 5v14M6.5 9h1M6.5 12h1',
  sound: 'M4 9.5h3.5L12 6v12l-4.5-3.5H4zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  muted: 'M4 9.5h3.5L12 6v12l-4.5-3.5H4zM16 9.5l5 5M21 9.5l-5 5',
  gear: 'M12 15.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM12 3v2.6M12 18.4V21M3 12h2.6M18.4 12H21M5.6 5.6l1.9 1.9M16.5 16.5l1.9 1.9M18.4 5.6l-1.9 1.9M7.5 16.5l-1.9 1.9',
  question: 'M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.3v.1',
} as const;

/** The icons there are. */
export type IconName = keyof typeof paths;

/** An icon in the colour of the text around it; `size` in px. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <path d={paths[name]} />
    </svg>
  );
}
