import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

/** The panel's own blue: calm, and with white text on shade 6 it passes WCAG AA (6.6 : 1). */
const ink: MantineColorsTuple = [
  '#eef0fc',
  '#dbdff7',
  '#b6beee',
  '#909ce6',
  '#707ddd',
  '#5a68d6',
  '#4250c9',
  '#3643b0',
  '#2c3792',
  '#222b74',
];

/** Greys with a little blue, so that surfaces of both schemes belong together. */
const dark: MantineColorsTuple = [
  '#d5d9e2',
  '#b4bac7',
  '#98a0b0',
  '#6b7384',
  '#3b424f',
  '#2b313c',
  '#1f242d',
  '#171b22',
  '#11141a',
  '#0c0e13',
];

/** A page has one banner; the head of a dialog is none. */
const HEADER_IS_NO_BANNER = { header: { role: 'presentation' } };

export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '1.5rem', lineHeight: '1.3' } } },
  colors: { ink, dark },
  primaryColor: 'ink',
  primaryShade: { light: 6, dark: 5 },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'sm' } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 200, multiline: true, maw: 360 } },
    Modal: {
      defaultProps: {
        centered: true,
        radius: 'lg',
        padding: 'lg',
        overlayProps: { backgroundOpacity: 0.4, blur: 2 },
        transitionProps: { duration: 120 },
        attributes: HEADER_IS_NO_BANNER,
      },
      styles: { title: { fontWeight: 600 } },
    },
    Drawer: {
      defaultProps: { padding: 'lg', attributes: HEADER_IS_NO_BANNER },
      styles: { title: { fontWeight: 600 } },
    },
    InputWrapper: { styles: { label: { marginBottom: 4 }, description: { marginBottom: 4 } } },
    // Beside its button, not at the end of the page: what a menu says stands within the page's landmarks.
    Menu: { defaultProps: { shadow: 'md', radius: 'md', withinPortal: false, withInitialFocusPlaceholder: false } },
  },
});

/** Colours of text on both schemes, each at 4.5 : 1 or better on the surfaces that it stands on. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': '#1a1e27',
    '--mantine-color-dimmed': '#5a6272',
    '--mantine-color-placeholder': '#6b7280',
    '--mantine-color-error': '#c02626',
    '--mantine-color-anchor': '#3643b0',
    '--mantine-color-default-border': '#dfe2e9',
    '--panel-page': '#f6f7f9',
    '--panel-card': '#ffffff',
    '--panel-line': '#e6e8ee',
    '--panel-hover': '#f8f9fb',
    '--panel-good': '#18794e',
    '--panel-good-soft': '#e3f5ea',
    '--panel-bad': '#c02626',
    '--panel-bad-soft': '#fdeaea',
    '--panel-still': '#545b69',
    '--panel-still-soft': '#eef0f3',
    '--panel-warn': '#8a5300',
    '--panel-warn-soft': '#fdf3dc',
    '--panel-accent-soft': '#eef0fc',
    '--panel-accent': '#3643b0',
    '--panel-shadow': '0 1px 2px rgb(16 24 40 / 5%)',
  },
  dark: {
    '--mantine-color-body': '#171b22',
    '--mantine-color-text': '#e4e7ee',
    '--mantine-color-dimmed': '#9aa3b4',
    '--mantine-color-placeholder': '#8b94a6',
    '--mantine-color-error': '#ff8f8f',
    '--mantine-color-anchor': '#a5b0f5',
    '--mantine-color-default-border': '#323946',
    '--panel-page': '#0f1217',
    '--panel-card': '#171b22',
    '--panel-line': '#272d38',
    '--panel-hover': '#1b2029',
    '--panel-good': '#6fdc9f',
    '--panel-good-soft': '#12301f',
    '--panel-bad': '#ff8f8f',
    '--panel-bad-soft': '#3a1719',
    '--panel-still': '#aab2c0',
    '--panel-still-soft': '#262c36',
    '--panel-warn': '#f2c063',
    '--panel-warn-soft': '#33270f',
    '--panel-accent-soft': '#232844',
    '--panel-accent': '#b4bdf7',
    '--panel-shadow': 'none',
  },
});
