import { Burger, Group, Loader, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useEffect } from 'react';
import { Link, Outlet, ScrollRestoration, useLocation, useNavigation, type Location } from 'react-router';
import { paths } from '../paths.js';
import { useSession } from '../session/session-context.js';
import { texts } from '../texts.js';
import { ColorSchemeButton } from './color-scheme-button.js';
import { Mark } from './mark.js';
import { PanelNavigation } from './navigation.js';
import classes from './shell.module.css';
import { UserMenu } from './user-menu.js';

/** The frame of every page: bar, navigation, content. On a phone the navigation opens over the content. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  useEffect(() => close(), [pathname, close]);
  return (
    <div className={classes.root}>
      <a className="skip-link" href="#content">
        {texts.panel.skip}
      </a>
      <header className={classes.header}>
        <Bar opened={opened} onToggle={toggle} />
      </header>
      <nav
        id="navigation"
        className={classes.navigation}
        aria-label={texts.panel.navigation}
        data-opened={opened || undefined}
      >
        <PanelNavigation />
      </nav>
      <main id="content" className={classes.main} tabIndex={-1}>
        <div className={classes.content}>
          <Outlet />
        </div>
      </main>
      <ScrollRestoration getKey={scrollKey} />
    </div>
  );
}

/** Every page that a tab loads first has the key "default": without its path it would get another page's position. */
const scrollKey = ({ key, pathname }: Location): string => (key === 'default' ? pathname : key);

function Bar({ opened, onToggle }: { readonly opened: boolean; readonly onToggle: () => void }) {
  const { company } = useSession();
  const busy = useNavigation().state !== 'idle';
  return (
    <Group h="100%" px="md" justify="space-between" wrap="nowrap">
      <Group gap="sm" wrap="nowrap" miw={0}>
        <Burger
          opened={opened}
          onClick={onToggle}
          hiddenFrom="sm"
          size="sm"
          aria-label={opened ? texts.panel.closeNavigation : texts.panel.openNavigation}
          aria-expanded={opened}
          aria-controls="navigation"
        />
        <Link to={paths.list} className={classes.brand}>
          <Mark />
          <span>{texts.panel.name}</span>
        </Link>
        <span className={classes.slash} aria-hidden="true" />
        <Text size="sm" c="dimmed" truncate title={company.name}>
          {company.name}
        </Text>
        {busy && <Loader size={14} aria-hidden="true" />}
      </Group>
      <Group gap={4} wrap="nowrap">
        <ColorSchemeButton />
        <UserMenu />
      </Group>
    </Group>
  );
}
