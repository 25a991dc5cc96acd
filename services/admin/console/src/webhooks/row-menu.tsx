import { ActionIcon, Menu } from '@mantine/core';
import {
  IconCircleCheck,
  IconDotsVertical,
  IconFileAlert,
  IconPencil,
  IconPlayerPause,
  IconSend,
  IconTrash,
} from '@tabler/icons-react';
import { Link } from 'react-router';
import type { Status } from '../../../../shared/core/vocabulary.js';
import { paths } from '../paths.js';
import { texts } from '../texts.js';
import { useEnable } from './use-status-change.js';
import type { OpenDialog } from './webhook-dialogs.js';

interface RowMenuProps {
  readonly webhook: { readonly id: string; readonly url: string; readonly status: Status };
  readonly onDialog: (dialog: OpenDialog) => void;
}

/** ⋮: Edit | Disable or Enable | Delete, then what looks into it. A Failed webhook may be enabled and disabled. */
export function RowMenu({ webhook, onDialog }: RowMenuProps) {
  const enable = useEnable();
  const { id, url, status } = webhook;
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={texts.list.menuOf(url)}>
          <IconDotsVertical size={18} stroke={1.8} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to={paths.edit(id)} leftSection={<IconPencil {...ICON} />}>
          {texts.menu.edit}
        </Menu.Item>
        {status !== 'active' && (
          <Menu.Item leftSection={<IconCircleCheck {...ICON} />} onClick={() => enable.mutate(id)}>
            {texts.menu.enable}
          </Menu.Item>
        )}
        {status !== 'inactive' && (
          <Menu.Item
            leftSection={<IconPlayerPause {...ICON} />}
            onClick={() => onDialog({ kind: 'disable', webhook: { id, url } })}
          >
            {texts.menu.disable}
          </Menu.Item>
        )}
        <Menu.Item
          color="var(--panel-bad)"
          leftSection={<IconTrash {...ICON} />}
          onClick={() => onDialog({ kind: 'delete', webhook: { id, url } })}
        >
          {texts.menu.delete}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item component={Link} to={paths.failures(id)} leftSection={<IconFileAlert {...ICON} />}>
          {texts.menu.failures}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconSend {...ICON} />}
          onClick={() => onDialog({ kind: 'test', webhook: { id, url } })}
        >
          {texts.menu.test}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

const ICON = { size: 16, stroke: 1.6, 'aria-hidden': true } as const;
