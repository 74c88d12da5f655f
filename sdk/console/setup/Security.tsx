/** One's own second factor: a secret for an authenticator, drawn here as a QR code, and the recovery codes. */
import { useState } from 'preact/hooks';
import { encode } from 'uqr';
import { useStore } from '../context.ts';
import { get } from './form.tsx';
import { Asked, Copied, Form } from './parts.tsx';
import { own } from './Security.words.ts';
import { w } from './words.ts';

interface State {
  readonly enabled: boolean;
  readonly recovery: number;
  readonly required: boolean;
}
interface Enrolment {
  readonly secret: string;
  readonly uri: string;
}

/** A QR code as one path: black on white in both schemes, as cameras expect it. */
function Code({ text }: { text: string }) {
  const { data, size } = encode(text, { border: 3 });
  const d = data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  return (
    <svg class="setup-qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label="QR">
      <rect width={size} height={size} fill="#fff" />
      <path d={d} fill="#000" shape-rendering="crispEdges" />
    </svg>
  );
}

/** The page. */
export function Security() {
  const { api } = useStore();
  const [given, setGiven] = useState<Enrolment>();
  const [codes, setCodes] = useState<readonly string[]>();
  return (
    <section>
      <h2>{w('security')}</h2>
      <Asked<State> path="/totp">
        {(state, again) => {
          if (codes)
            return (
              <>
                <p>{own('recovery')}</p>
                <Copied text={codes.join('\n')} />
                <button
                  type="button"
                  class="button primary"
                  onClick={() => {
                    setCodes(undefined);
                    setGiven(undefined);
                    again();
                  }}
                >
                  {own('done')}
                </button>
              </>
            );
          if (state.enabled)
            return (
              <>
                <p>{own('totpOn', { n: state.recovery })}</p>
                <Form
                  label={own('end_')}
                  specs={[
                    { k: 'current', label: own('current'), kind: 'password' },
                    { k: 'code', label: own('codeNow'), kind: 'text' },
                  ]}
                  value={{ current: '', code: '' }}
                  submit={own('end_')}
                  onSubmit={async (v) => {
                    await api.ask('POST', '/totp/end', v);
                    again();
                  }}
                />
              </>
            );
          if (given)
            return (
              <>
                <p>{own('scan')}</p>
                <Code text={given.uri} />
                <p>
                  {own('key')}: <code>{given.secret}</code>
                </p>
                <Form
                  key="code"
                  opens
                  label={own('confirm')}
                  specs={[{ k: 'code', label: own('code'), kind: 'code' }]}
                  value={{ code: '' }}
                  submit={own('confirm')}
                  onSubmit={async (v) => setCodes((await api.ask<{ codes: string[] }>('PUT', '/totp', v)).codes)}
                />
              </>
            );
          return (
            <>
              <p>{own(state.required ? 'totpMust' : 'totpOff')}</p>
              <Form
                key="begin"
                label={own('begin')}
                specs={[{ k: 'current', label: own('current'), kind: 'password' }]}
                value={{ current: '' }}
                submit={own('begin')}
                onSubmit={async (v) => setGiven(await api.ask<Enrolment>('POST', '/totp', { current: get(v, 'current') }))}
              />
            </>
          );
        }}
      </Asked>
    </section>
  );
}
