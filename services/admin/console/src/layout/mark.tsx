import icon from '../icon.svg';

/** The panel's mark; its name stands beside it. */
export function Mark() {
  return <img src={icon} width={26} height={26} alt="" />;
}
