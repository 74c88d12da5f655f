/** What there is to set of a receptionist, as descriptions of forms; see setup/form.tsx. The server says what fits. */
import type { Label, Spec } from '../setup/form.tsx';
import { r, type Word } from './words.ts';

const at = (word: Word): Label => ({ text: r(word) });
const field = (k: string, kind: Spec['kind'], label: Word, hint?: Word): Spec => ({
  k: `receptionist.${k}`,
  kind,
  label: at(label),
  ...(hint ? { hint: at(hint) } : {}),
});

/** Of one model. */
const provider = (): readonly Spec[] => [
  { k: 'url', kind: 'text', label: at('url'), hint: at('urlHint') },
  { k: 'model', kind: 'text', label: at('name'), hint: at('nameHint') },
  { k: 'key', kind: 'secret', label: at('key'), hint: at('keyHint') },
  { k: 'embedding', kind: 'text', label: at('embedding'), hint: at('embeddingHint') },
  { k: 'in', kind: 'number', step: 'any', label: at('priceIn'), hint: at('priceHint') },
  { k: 'out', kind: 'number', step: 'any', label: at('priceOut') },
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
      ...known.map(({ name, ...p }) => ({ text: r('add', { name }), row: { ...blank, ...p } })),
      { text: r('add', { name: r('local') }), row: { ...blank, ...local } },
      { text: r('add', { name: r('own') }), row: blank },
    ],
  },
];

/** The rest, in parts. */
export const parts = (): readonly { readonly title: Word; readonly specs: readonly Spec[] }[] => [
  {
    title: 'when',
    specs: [
      { k: 'assistant', kind: 'bool', label: at('receives'), hint: at('receivesHint') },
      field('brief', 'bool', 'brief'),
      field('words', 'lines', 'words', 'wordsHint'),
    ],
  },
  {
    title: 'persona',
    specs: [
      field('persona', 'long', 'personaText', 'personaHint'),
      field('languages', 'lines', 'languages', 'languagesHint'),
      field('links', 'lines', 'links', 'linksHint'),
      field('fields', 'lines', 'fields', 'fieldsHint'),
    ],
  },
  {
    title: 'limits',
    specs: [
      field('turns', 'number', 'turns', 'turnsHint'),
      field('budget.visitor', 'number', 'visitor', 'visitorHint'),
      field('budget.session', 'number', 'session', 'sessionHint'),
      field('budget.day', 'number', 'day', 'dayHint'),
      { k: 'timeouts.assistant', kind: 'text', label: 'tAssistant', hint: 'duration' },
      { k: 'timeouts.return', kind: 'text', label: 'tReturn', hint: 'duration' },
    ],
  },
  {
    title: 'privacy',
    specs: [field('unmasked', 'bool', 'unmasked', 'unmaskedHint'), field('record', 'bool', 'record', 'recordHint')],
  },
];
