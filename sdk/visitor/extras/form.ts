import { h } from '../dom.ts';
import type { FormBody, FormField } from '../wire.ts';
import type { Extras, Scene } from './extras.ts';

const LONGEST = 1000;

/** The site's questions, in place of the composer until the first message of a session. Answers of before are filled in. */
export function createForm({ client, composer, panel, tx, asks, launcher }: Scene): Extras {
  let form: HTMLFormElement | undefined;
  let drawn = '';

  const before = () => {
    const said = client.log.events.filter((e) => e.body.kind === 'form' && e.by.kind === 'visitor').at(-1)?.body as
      | FormBody
      | undefined;
    return new Map(said?.fields.map(({ id, value }) => [id, value]));
  };

  const control = ({ id, type, required = false, options = [] }: FormField, value = '') => {
    const common = { id: `f-${id}`, required };
    if (type === 'select') {
      const none = h('option', { value: '' }, tx('choose'));
      return h('select', common, none, ...options.map((o) => h('option', { value: o, selected: o === value }, o)));
    }
    if (type === 'textarea') return h('textarea', { ...common, rows: 3, maxLength: LONGEST, value });
    return h('input', { ...common, type, maxLength: LONGEST, value, autocomplete: type === 'text' ? '' : type });
  };

  const make = (text: string | undefined, fields: FormField[]) => {
    const known = before();
    const controls = fields.map((field) => ({ field, el: control(field, known.get(field.id)) }));
    const rows = controls.map(({ field: { label, required }, el }) =>
      h('label', {}, h('span', {}, label, !required && h('small', {}, ` (${tx('optional')})`)), el),
    );
    const send = h('button', { type: 'submit', className: 'go' }, tx(client.site.open === false ? 'leave' : 'start'));
    const made = h('form', { className: 'k' }, !!text && h('p', {}, text), ...rows, send);
    made.onsubmit = (e) => {
      e.preventDefault();
      const filled = controls
        .map(({ field: { id, label }, el }) => ({ id, label, value: el.value.trim() }))
        .filter(({ value }) => value);
      if (filled[0]) void client.send({ type: 'send', body: { kind: 'form', fields: filled } });
      composer.el.hidden = false;
      composer.input.focus();
    };
    return made;
  };

  return {
    draw() {
      const { form: asked } = client.site;
      const now = asked && asks() ? JSON.stringify(asked) : '';
      if (now === drawn) return;
      drawn = now;
      const inside = form?.contains(launcher.root.activeElement);
      form?.remove();
      form = now ? make(asked?.text, asked!.fields) : undefined;
      if (form) panel.insertBefore(form, composer.el);
      else if (inside) composer.input.focus();
    },
    destroy() {},
  };
}
