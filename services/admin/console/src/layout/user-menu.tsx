import { Menu, Text, UnstyledButton } from '@mantine/core';
import { IconLogout } from '@tabler/icons-react';
import { signOut } from '../api/session.js';
import { announceFault } from '../elements/toasts.js';
import { useSession } from '../session/session-context.js';
import { texts } from '../texts.js';
import classes from './shell.module.css';

/** Company, user and the way out. Leaving loads the page anew, so that nothing of the company stays in memory. */
export function UserMenu() {
  const { user, company, via } = useSession();
  const leave = (): void => {
    signOut().then(() => window.location.assign('/'), announceFault);
  };
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <UnstyledButton className={classes.user}>
          <span className={classes.avatar} aria-hidden="true">
            {initials(user.name)}
          </span>
          <span className="visually-hidden">{`${texts.panel.account}: `}</span>
          <Text component="span" size="sm" className={classes.userName}>
            {user.name}
          </Text>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div style={{ padding: '0.5rem 0.75rem' }}>
          <Text size="sm" fw={500} truncate>
            {user.email}
          </Text>
          <Text size="xs" c="dimmed" truncate>
            {texts.panel.roles[user.role]} · {company.name}
          </Text>
        </div>
        {via === 'session' && (
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<IconLogout size={16} stroke={1.6} />} onClick={leave}>
              {texts.panel.signOut}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase();
}
