import { expect, test } from 'vitest';
import { unitText } from '../../../cli/service/unit.ts';

test('what a path has of what means something to systemd stands for itself', () => {
  const unit = unitText({
    kind: 'user',
    main: '/opt/a $b/daemon.cjs',
    home: '/home/50% "$me"',
    log: '/home/50% "$me"/log',
    dockerHost: null,
  });
  // only a command line has variables (systemd.service(5), COMMAND LINES)
  expect(unit).toMatch(/^ExecStart=.* "\/opt\/a \$\$b\/daemon\.cjs"$/m);
  expect(unit).toContain('\nEnvironment="DSTACK_HOME=/home/50%% \\"$me\\""\n');
  expect(unit).toContain('\nStandardOutput=append:/home/50%% "$me"/log\n');
});
