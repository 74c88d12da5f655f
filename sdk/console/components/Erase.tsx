/** Erasing a visitor: a button for admins, and a dialog that says what it means before it does. */
import { useState } from 'preact/hooks';
import { codeOf } from '../api.ts';
import { useStore } from '../context.ts';
import { t, words } from '../i18n.ts';
import { Dialog } from './Dialog.tsx';

const w = words({
  en: {
    button: 'Erase…',
    title: 'Erase {name}?',
    what: 'What is known of this visitor, everything said in this conversation, and its files are erased for good. Nobody can bring them back.',
    stays: 'Reports still count its sessions. Copies of the database, and what webhooks have sent, are not reached.',
    erase: 'Erase for good',
    failed: 'Not all is erased yet. Try again: it goes on where it stopped.',
    forbidden: 'You may not erase visitors.',
  },
  'zh-CN': {
    button: '清除数据…',
    title: '清除“{name}”的数据？',
    what: '该访客的资料、此会话的全部内容和文件将被永久删除，无法恢复。',
    stays: '报表仍会计入其会话次数；数据库备份和 Webhook 已发出的内容不受影响。',
    erase: '永久清除',
    failed: '尚未全部清除，请重试，将从中断处继续。',
    forbidden: '您没有清除访客数据的权限。',
  },
});

export function Erase({ visitor, name }: { visitor: string; name: string }) {
  const store = useStore();
  const [asks, setAsks] = useState(false);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState('');
  if (store.people.value.me.role !== 'admin') return null;
  const erase = async () => {
    setBusy(true);
    setTrouble('');
    try {
      await store.api.erase(visitor);
    } catch (e) {
      const code = codeOf(e);
      // Nothing is known of them any more: it was done, by this very request or by a colleague.
      if (code !== 'not_found') return setTrouble(w(code === 'forbidden' ? code : 'failed'));
    } finally {
      setBusy(false);
    }
    setAsks(false);
    location.hash = '#/';
  };
  return (
    <>
      <div class="block-acts">
        <button type="button" class="button danger" onClick={() => setAsks(true)}>
          {w('button')}
        </button>
      </div>
      {asks && (
        <Dialog title={w('title', { name })} onClose={() => setAsks(false)}>
          <p>{w('what')}</p>
          <p class="hint">{w('stays')}</p>
          {trouble && <p role="alert">{trouble}</p>}
          <div class="block-acts">
            <button type="button" class="button" onClick={() => setAsks(false)}>
              {t('app.cancel')}
            </button>
            <button type="button" class="button danger" disabled={busy} onClick={() => void erase()}>
              {w('erase')}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
