/** A round picture of somebody: theirs if the server names one, else their initials on a colour of their own. */
import { fileAddress, initials, tone } from '../format.ts';

/** Decoration: the name stands beside it. With `online` given, a dot tells whether they are here. */
export function Avatar(props: {
  id: string;
  name: string;
  src?: string | undefined;
  small?: boolean;
  online?: boolean | undefined;
}) {
  const { id, name, src, small, online } = props;
  const address = src ? fileAddress(src) : undefined;
  return (
    <span class={`avatar tone-${tone(id)}${small ? ' small' : ''}`} aria-hidden="true">
      {address ? <img src={address} alt="" /> : initials(name)}
      {online !== undefined && <span class={online ? 'dot online' : 'dot'} />}
    </span>
  );
}
