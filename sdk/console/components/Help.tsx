/** All keys, in one table. */
import { useStore } from '../context.ts';
import { t } from '../i18n.ts';
import { shortcuts } from '../keys.ts';
import { Dialog } from './Dialog.tsx';

/** The list of shortcuts. */
export function Help() {
  const store = useStore();
  const assisted = !!store.live.value?.assist.value.length;
  return (
    <Dialog reads title={t('help.title')} onClose={() => store.closeDialog('help')}>
      <table class="keys">
        <thead>
          <tr>
            <th scope="col">{t('help.key')}</th>
            <th scope="col">{t('help.what')}</th>
          </tr>
        </thead>
        <tbody>
          {shortcuts
            .filter((s) => assisted || !s.assist)
            .map(({ keys, label }) => (
              <tr key={label}>
                <td>
                  <kbd>{keys}</kbd>
                </td>
                <td>{t(label)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </Dialog>
  );
}
