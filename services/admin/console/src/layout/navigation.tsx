import { Text } from '@mantine/core';
import { IconExternalLink, IconHistory, IconKey, IconWebhook } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { NavLink } from 'react-router';
import { paths } from '../paths.js';
import { useSession } from '../session/session-context.js';
import { texts } from '../texts.js';
import classes from './navigation.module.css';

/** Admin Panel → APIs & Webhooks → Webhooks → v2, and its neighbours. */
export function PanelNavigation() {
  const { user } = useSession();
  return (
    <div className={classes.root}>
      <Text className={classes.section} component="h2" id="section">
        {texts.panel.section}
      </Text>
      <ul className={classes.list} aria-labelledby="section">
        <li>
          <span className={classes.parent}>
            <IconWebhook size={18} stroke={1.6} aria-hidden="true" />
            {texts.panel.webhooks}
          </span>
          <ul className={classes.nested}>
            <Entry to={paths.list} label={texts.panel.version} />
          </ul>
        </li>
        <Entry to={paths.tokens} label={texts.panel.tokens} icon={<IconKey size={18} stroke={1.6} />} />
        {user.role === 'owner' && (
          <Entry to={paths.audit} label={texts.panel.audit} icon={<IconHistory size={18} stroke={1.6} />} />
        )}
      </ul>
      <a className={classes.foot} href={paths.apiReference} target="_blank" rel="noreferrer">
        {texts.panel.documentation}
        <IconExternalLink size={14} stroke={1.6} aria-hidden="true" />
      </a>
    </div>
  );
}

function Entry({ to, label, icon }: { readonly to: string; readonly label: string; readonly icon?: ReactNode }) {
  return (
    <li>
      <NavLink to={to} className={({ isActive }) => `${classes.link} ${isActive ? classes.active : ''}`}>
        {icon !== undefined && <span aria-hidden="true">{icon}</span>}
        {label}
      </NavLink>
    </li>
  );
}
