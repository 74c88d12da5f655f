/** What there is to set of a receptionist, as descriptions of forms; see setup/form.tsx. The server says what fits. */
import type { Spec } from '../setup/form.tsx';
import { own as site } from '../setup/Sites.words.ts';
import { time } from '../setup/specs.ts';
import { w } from '../setup/words.ts';
import { own } from './Answers.words.ts';

const field = (k: string, kind: Spec['kind'], label: Parameters<typeof own>[0], hint?: Parameters<typeof own>[0]): Spec => ({
  k: `receptionist.${k}`,
  kind,
  label: own(label),
  ...(hint ? { hint: own(hint) } : {}),
});

/** Of one model. */
const provider = (): readonly Spec[] => [
  { k: 'url', kind: 'text', label: own('url'), hint: own('urlHint') },
  { k: 'model', kind: 'text', label: own('name'), hint: own('nameHint') },
  { k: 'key', kind: 'secret', label: own('key'), hint: own('keyHint') },
  { k: 'embedding', kind: 'text', label: own('embedding'), hint: own('embeddingHint') },
  { k: 'in', kind: 'number', step: 'any', label: own('priceIn'), hint: own('priceHint') },
  { k: 'out', kind: 'number', step: 'any', label: own('priceOut') },
];

/** A model as it begins. */
const blank = { url: '', model: '', key: '', embedding: '', in: 0, out: 0 };

/** Endpoints that many have, so that only the key is left to be typed. Their names are their own. */
const known: readonly { readonly name: string; readonly url: string; readonly model: string; readonly embedding: string }[] = [
  { name: 'DeepSeek', url: 'https://api.deepseek.com/v1', model: 'deepseek-chat', embedding: '' },
  {
    name: 'Qwen',
    url: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    model: 'qwen-plus',
    embedding: 'text-embedding-v3',
  },
  { name: 'OpenAI', url: 'https://api.openai.com/v1', model: 'gpt-4o-mini', embedding: 'text-embedding-3-small' },
];
const local = { url: 'http://localhost:11434/v1', model: 'qwen2.5:7b', embedding: '' };

export const models = (): readonly Spec[] => [
  {
    ...field('providers', 'rows', 'models', 'modelHint'),
    of: provider(),
    ordered: true,
    adds: [
      ...known.map(({ name, ...p }) => ({ text: own('add', { name }), rows: [{ ...blank, ...p }] })),
      { text: own('add', { name: own('local') }), rows: [{ ...blank, ...local }] },
      { text: own('add', { name: own('own') }), rows: [blank] },
    ],
  },
];

/** The rest, in parts. */
export const parts = (): readonly { readonly title: string; readonly specs: readonly Spec[] }[] => [
  {
    title: own('when'),
    specs: [
      { k: 'assistant', kind: 'bool', label: own('receives'), hint: own('receivesHint') },
      field('brief', 'bool', 'brief'),
      field('words', 'lines', 'words', 'wordsHint'),
    ],
  },
  {
    title: own('persona'),
    specs: [
      field('persona', 'long', 'personaText', 'personaHint'),
      field('languages', 'lines', 'languages', 'languagesHint'),
      field('links', 'lines', 'links', 'linksHint'),
      field('fields', 'lines', 'fields', 'fieldsHint'),
    ],
  },
  {
    title: own('limits'),
    specs: [
      field('turns', 'number', 'turns', 'turnsHint'),
      field('budget.visitor', 'number', 'visitor', 'visitorHint'),
      field('budget.session', 'number', 'session', 'sessionHint'),
      field('budget.day', 'number', 'day', 'dayHint'),
      time('timeouts.assistant', site('tAssistant')),
      time('timeouts.return', site('tReturn'), w('never')),
    ],
  },
  {
    title: own('privacy'),
    specs: [field('unmasked', 'bool', 'unmasked', 'unmaskedHint'), field('record', 'bool', 'record', 'recordHint')],
  },
];
