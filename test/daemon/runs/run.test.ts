import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync, chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AuditEntry, Run, RunDetail, Tag } from '../../../shared/api.ts';
import { startDaemon } from '../../support/daemon.ts';
import { project, projectWith } from '../../support/project.ts';
import { waitFor } from '../../support/wait-for.ts';
import { daemonOfFile, lastRun, untilNothingIsLeft, untilStatus } from './fixture.ts';

const host = daemonOfFile({ config: { grace_period: '2s', mount_roots: ['/tmp'], env: { FROM_CONFIG: 'lab', BOTH: 'config' } } });
const bash = (name: string, commands: string[], more = ''): string =>
  `- name: ${name}\n  provider: bash\n  commands:\n${commands.map((c) => `    - ${JSON.stringify(c)}`).join('\n')}\n${more}`;

describe('a run', () => {
  test('prints what its commands print, and nothing else, on stdout', async () => {
    const cwd = await projectWith(bash('hello', ['echo hello', 'echo world']));
    const { code, stdout } = await host.daemon.cli(['run', 'hello'], { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello\nworld\n' });
    await untilNothingIsLeft(host.daemon);
  });

  test('ends with the exit code of the first command that fails', async () => {
    const cwd = await projectWith(bash('fails', ['echo a', 'exit 3', 'echo b']));
    const { code, stdout } = await host.daemon.cli(['run', 'fails'], { cwd });
    expect({ code, stdout }).toEqual({ code: 3, stdout: 'a\n' });
    expect(await lastRun(host.daemon, cwd)).toMatchObject({ status: 'failed', exitCode: 3, reason: 'exit code 3' });
  });

  test('sees the dirty tree byte for byte, whatever Git would do to it', async () => {
    const cwd = await projectWith(
      bash('see', ['md5sum <bin.dat', 'cat dir/new.txt', 'readlink link', 'test -x tool && echo runs', 'cat crlf.txt | od -c | head -1']),
    );
    const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], { cwd });
    git('init', '-q');
    writeFileSync(join(cwd, '.gitattributes'), '*.txt text eol=lf\n');
    writeFileSync(join(cwd, 'crlf.txt'), 'a\r\n');
    git('add', '-A');
    git('commit', '-qm', 'one');
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 7) % 256));
    writeFileSync(join(cwd, 'bin.dat'), bytes);
    mkdirSync(join(cwd, 'dir'));
    writeFileSync(join(cwd, 'dir/new.txt'), 'untracked\n');
    symlinkSync('dir/new.txt', join(cwd, 'link'));
    writeFileSync(join(cwd, 'tool'), '#!/bin/sh\n');
    chmodSync(join(cwd, 'tool'), 0o755);
    const sum = execFileSync('md5sum', { input: bytes, encoding: 'utf8' });
    const { stdout } = await host.daemon.cli(['run', 'see'], { cwd });
    expect(stdout).toContain(sum.split(' ')[0]);
    expect(stdout).toContain('untracked\ndir/new.txt\nruns\n');
    expect(stdout).toContain('a  \\r  \\n');
    const { snapshot } = await host.daemon.json<RunDetail>(['ps', (await lastRun(host.daemon, cwd)).name], { cwd });
    expect(snapshot).toMatchObject({ dirty: true, commit: execFileSync('git', ['rev-parse', 'HEAD'], { cwd, encoding: 'utf8' }).trim() });
  });

  test('is found from a subdirectory, and works in its working_dir', async () => {
    const cwd = await projectWith(bash('where', ['pwd', 'cat here.txt'], '  working_dir: sub'), {
      'sub/here.txt': 'here\n',
      'other/x': '',
    });
    const { stdout } = await host.daemon.cli(['run', 'where'], { cwd: join(cwd, 'other') });
    expect(stdout).toBe('/workflow/sub\nhere\n');
  });

  test('gets its variables; the last of config, secret, workflow and -e wins', async () => {
    const cwd = await projectWith(
      bash(
        'env',
        ['echo $FROM_CONFIG $BOTH $NAMED $P $OVER', 'echo $RUN_NAME $RUN_ATTEMPT $JOB_INDEX $PYTHONUNBUFFERED'],
        '  env:\n    - BOTH=workflow\n    - NAMED\n    - P=/x:$FROM_CONFIG\n    - OVER=file',
      ),
    );
    const { stdout } = await host.daemon.cli(['run', 'env', '-e', 'OVER=flag'], { cwd, env: { NAMED: 'mine' } });
    const { name } = await lastRun(host.daemon, cwd);
    expect(stdout).toBe(`lab workflow mine /x:lab flag\n${name} 1 0 1\n`);
    const unset = await host.daemon.cli(['run', 'env'], { cwd, env: { NAMED: undefined } });
    expect(unset.code).not.toBe(0);
    expect(unset.stderr).toContain('NAMED');
  });

  test('takes its arguments to the commands byte for byte', async () => {
    const cwd = await projectWith(bash('args', ["printf '[%s]\\n' ${{ run.args }}"]));
    const { stdout } = await host.daemon.cli(['run', 'args', '--', 'a b', "it's", '$HOME', '"q"', '--flag=1'], { cwd });
    expect(stdout).toBe('[a b]\n[it\'s]\n[$HOME]\n["q"]\n[--flag=1]\n');
  });

  test('is refused as a whole, with every problem, when the file is wrong', async () => {
    const cwd = await projectWith('- name: x\n  provider: bash\n  artifiacts: [a]\n  comands: [b]');
    const { code, stderr } = await host.daemon.cli(['run', 'x'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/workflows\.yaml:4:\d+[\s\S]*artifacts[\s\S]*workflows\.yaml:5:\d+[\s\S]*commands/);
  });
});

describe('artifacts, tags and deps', () => {
  test('pass from step to step, read-only, and are owned by the user', async () => {
    const cwd = await projectWith(
      [
        bash('prepare', ['echo 42 >data/n', 'mkdir data/sub && : >data/sub/empty'], '  artifacts: [data]'),
        bash(
          'train',
          ['cat data/n', 'echo x >data/y || echo read-only', 'echo m >model/m'],
          '  deps: [":raw"]\n  artifacts: [{path: model}]',
        ),
        bash('report', ['cat model/m data/n'], '  deps: [train, {tag: raw}]'),
      ].join('\n'),
    );
    const d = host.daemon;
    const early = await d.cli(['run', 'train'], { cwd });
    expect(early.code).toBe(1);
    expect(early.stderr).toMatch(/Cannot find the tag 'raw' in the '[^']+' project/);
    const noRun = await d.cli(['run', 'report'], { cwd });
    expect(noRun.stderr).toMatch(/Cannot find any successful run of the workflow 'train' in the '[^']+' project/);
    expect((await d.cli(['run', 'prepare', '-t', 'raw'], { cwd })).code).toBe(0);
    const tags = await d.json<Tag[]>(['tags'], { cwd });
    expect(tags).toMatchObject([{ tag: 'raw', artifacts: ['data'] }]);
    const train = await d.cli(['run', 'train'], { cwd });
    expect(train.stdout).toMatch(/^42\n[\s\S]*read-only\n$/i);
    expect((await d.cli(['run', 'report'], { cwd })).stdout).toBe('m\n42\n');
    const files = await d.json<{ artifact: string; file: string; size: number }[]>(['artifacts', 'list', ':raw'], { cwd });
    expect(files).toEqual([
      { artifact: 'data', file: 'n', size: 3 },
      { artifact: 'data', file: 'sub/empty', size: 0 },
    ]);
    const out = await project({});
    expect((await d.cli(['artifacts', 'download', ':raw', '-o', out], { cwd })).code).toBe(0);
    expect(readFileSync(join(out, 'data/n'), 'utf8')).toBe('42\n');
    expect(statSync(join(out, 'data/n')).uid).toBe(process.getuid?.());
  });

  test('are saved while the run is under way, and kept when it fails', async () => {
    const cwd = await projectWith(
      bash('w', ['echo 1 >out/first', 'until [ -e out/first.seen ]; do sleep 0.1; done', 'exit 9'], '  artifacts: [out]'),
    );
    const { stdout } = await host.daemon.cli(['run', 'w', '-d'], { cwd });
    const name = stdout.trim();
    await untilStatus(host.daemon, cwd, name, 'running');
    const listed = () => host.daemon.json<{ file: string }[]>(['artifacts', 'list', name], { cwd });
    await waitFor(async () => (await listed()).some((f) => f.file === 'first'), 'the artifact of a running run');
    const folder =
      execFileSync('find', [join(host.daemon.home, 'artifacts'), '-name', 'first'], { encoding: 'utf8' })
        .trim()
        .split('\n')
        .at(-1) ?? '';
    writeFileSync(`${folder}.seen`, '');
    await untilStatus(host.daemon, cwd, name, 'failed');
    expect((await listed()).map((f) => f.file)).toContain('first');
  });

  test('a dep at the path of its own artifact is where training resumes', async () => {
    const cwd = await projectWith(
      [
        bash('first', ['echo 1 >ckpt/n'], '  artifacts: [ckpt]'),
        bash('more', ['cat ckpt/n; echo 2 >ckpt/n; cat ckpt/n'], '  deps: [first]\n  artifacts: [ckpt]'),
      ].join('\n'),
    );
    await host.daemon.cli(['run', 'first', '-t', 'start'], { cwd });
    expect((await host.daemon.cli(['run', 'more'], { cwd })).stdout).toBe('1\n2\n');
    const out = await project({});
    await host.daemon.cli(['artifacts', 'download', ':start', '-o', out], { cwd });
    expect(readFileSync(join(out, 'ckpt/n'), 'utf8')).toBe('1\n');
  });

  test('absolute paths work, also as deps', async () => {
    const cwd = await projectWith(
      [bash('a', ['echo e >/opt/env/f'], '  artifacts: [/opt/env]'), bash('b', ['cat /opt/env/f'], '  deps: [a]')].join('\n'),
    );
    expect((await host.daemon.cli(['run', 'a'], { cwd })).code).toBe(0);
    expect((await host.daemon.cli(['run', 'b'], { cwd })).stdout).toBe('e\n');
  });

  test('a tag moves only when the run is done', async () => {
    const cwd = await projectWith(bash('maybe', ['exit ${{ run.args }}'], '  artifacts: [o]'));
    await host.daemon.cli(['run', 'maybe', '-t', 't', '1'], { cwd });
    expect(await host.daemon.json<Tag[]>(['tags'], { cwd })).toEqual([]);
    await host.daemon.cli(['run', 'maybe', '-t', 't', '0'], { cwd });
    const [tag] = await host.daemon.json<Tag[]>(['tags'], { cwd });
    await host.daemon.cli(['run', 'maybe', '-t', 't', '1'], { cwd });
    expect(await host.daemon.json<Tag[]>(['tags'], { cwd })).toEqual([tag]);
  });

  test('local folders can be tagged', async () => {
    const cwd = await projectWith(bash('use', ['cat data/x'], '  deps: [":local"]'), { 'data/x': 'mine\n' });
    expect((await host.daemon.cli(['tags', 'add', 'local', '-a', 'data'], { cwd })).code).toBe(0);
    expect((await host.daemon.cli(['run', 'use'], { cwd })).stdout).toBe('mine\n');
  });
});

describe('limits', () => {
  test('a run that dies of memory says so', async () => {
    const cwd = await projectWith(
      bash('eat', ['x=$(head -c 200000000 /dev/zero | tr "\\\\0" x); echo ${#x}'], '  resources: {memory: 64MB}'),
    );
    const { code } = await host.daemon.cli(['run', 'eat'], { cwd });
    expect(code).not.toBe(0);
    expect(await lastRun(host.daemon, cwd)).toMatchObject({ status: 'failed', reason: expect.stringContaining('memory limit of 64 MB') });
  });

  test('cpu and shm_size are real', async () => {
    const quota = 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cut -d" " -f1 /sys/fs/cgroup/cpu.max';
    const cwd = await projectWith(
      bash('see', [quota, "df -k /dev/shm | tail -1 | awk '{print $2}'"], '  resources: {cpu: 1, shm_size: 16MiB}'),
    );
    const { stdout } = await host.daemon.cli(['run', 'see'], { cwd });
    expect(stdout).toBe('100000\n16384\n');
  });

  test('a GPU that is not there is refused at submit in one sentence', async () => {
    const cwd = await projectWith(bash('gpu', ['true'], '  resources: {gpu: 1}'));
    const { code, stderr } = await host.daemon.cli(['run', 'gpu'], { cwd, env: {} });
    expect(code).toBe(1);
    expect(stderr).toContain("It asks for 1 GPU, and the host 'local' has no NVIDIA GPU");
    expect(await host.daemon.json<Run[]>(['ps', '-a'], { cwd })).toEqual([]);
  });

  test('max_duration ends it and says so', async () => {
    const cwd = await projectWith(bash('long', ['sleep 100'], '  max_duration: 1s'));
    await host.daemon.cli(['run', 'long'], { cwd });
    const run = await lastRun(host.daemon, cwd);
    expect(run).toMatchObject({ status: 'failed', reason: expect.stringContaining('max_duration') });
    const audit = await host.daemon.json<AuditEntry[]>(['audit'], { cwd });
    expect(audit.filter((entry) => entry.run === run.name)).toMatchObject([
      { user: 'daemon', action: 'stop', owner: run.user, detail: 'ran for 1s (max_duration)' },
    ]);
  });
});

describe('secrets', () => {
  test('reach the job, are masked in its log, and lie nowhere in plain text', async () => {
    const cwd = await projectWith(
      bash('s', ['echo "$TOKEN ${#TOKEN} $ALSO"', "echo 'in quotes ${{ secrets.TOKEN }}'"], '  env: ["ALSO=x${{ secrets.TOKEN }}y"]'),
    );
    const value = 'hunter2-Zq81xs';
    const d = host.daemon;
    expect((await d.cli(['run', 's'], { cwd })).stderr).toContain("secret 'TOKEN'");
    expect((await d.cli(['secrets', 'add', 'TOKEN'], { cwd, input: value })).code).toBe(0);
    expect((await d.cli(['run', 's'], { cwd })).stdout).toBe('****** 14 x******y\nin quotes ******\n');
    const { name } = await lastRun(d, cwd);
    expect(JSON.stringify(await d.json<RunDetail>(['ps', name], { cwd }))).not.toContain(value);
    await untilNothingIsLeft(d);
    const found = execFileSync('sh', ['-c', `grep -rl ${value} ${d.home} || true`], { encoding: 'utf8' });
    expect(found).toBe('');
    expect(statSync(join(d.home, 'secrets.key')).mode & 0o777).toBe(0o600);
    expect(statSync(join(d.home, 'dstackd.sock')).mode & 0o777).toBe(0o600);
  });
});

describe('mounts of the host', () => {
  test('below an allowed root are there, elsewhere are refused', async () => {
    const data = await project({ 'f.txt': 'big data\n' });
    const cwd = await projectWith(
      bash('m', ['cat /data/f.txt', 'touch /data/no || echo ro'], `  mounts: ["${data}:/data:ro"]`) +
        '\n' +
        bash('bad', ['true'], '  mounts: ["/etc:/data"]'),
    );
    expect((await host.daemon.cli(['run', 'm'], { cwd })).stdout).toMatch(/^big data\n[\s\S]*ro\n$/);
    const bad = await host.daemon.cli(['run', 'bad'], { cwd });
    expect(bad.stderr).toContain('/etc');
    expect(bad.stderr).toContain('mount_roots');
    symlinkSync('/etc', join(data, 'way-out'));
    const sly = await projectWith(bash('sly', ['true'], `  mounts: ["${data}/way-out:/data"]`));
    expect((await host.daemon.cli(['run', 'sly'], { cwd: sly })).stderr).toContain('really /etc');
  });
});

describe('stop, restart, rm', () => {
  test('stop reaches the child of the shell, and no later command runs', async () => {
    const cwd = await projectWith(
      bash('t', ['sh -c "trap \'echo told; exit 0\' TERM; echo up; while :; do sleep 0.1; done"', 'echo later'], '  artifacts: [o]'),
    );
    const name = (await host.daemon.cli(['run', 't', '-d'], { cwd })).stdout.trim();
    await waitFor(async () => (await host.daemon.cli(['logs', name], { cwd })).stdout.includes('up'), 'its first line');
    expect((await host.daemon.cli(['stop', name, '-y'], { cwd })).code).toBe(0);
    await untilStatus(host.daemon, cwd, name, 'stopped');
    expect((await host.daemon.cli(['logs', name], { cwd })).stdout).toMatch(/^up\n(Terminated\n)?told\n$/);
  });

  test('one that will not hear is killed after the grace period; an abort does not wait', async () => {
    const cwd = await projectWith(bash('deaf', ["trap '' TERM; echo up; while :; do sleep 0.1; done"]));
    for (const [flags, status] of [
      [['-y'], 'stopped'],
      [['-x', '-y'], 'aborted'],
    ] as const) {
      const name = (await host.daemon.cli(['run', 'deaf', '-d'], { cwd })).stdout.trim();
      await untilStatus(host.daemon, cwd, name, 'running');
      await host.daemon.cli(['stop', name, ...flags], { cwd });
      await untilStatus(host.daemon, cwd, name, status);
    }
  });

  test('restart uses exactly what the run was', async () => {
    const cwd = await projectWith(bash('v', ['cat v.txt', 'test ${{ run.name }} = $RUN_NAME']), { 'v.txt': 'old\n' });
    await host.daemon.cli(['run', 'v'], { cwd });
    const { name } = await lastRun(host.daemon, cwd);
    writeFileSync(join(cwd, 'v.txt'), 'new\n');
    expect((await host.daemon.cli(['restart', name], { cwd })).stdout).toBe('old\n');
    const again = await host.daemon.json<RunDetail>(['ps', (await lastRun(host.daemon, cwd)).name], { cwd });
    expect(again.restartOf).toBe(name);
  });

  test('rm takes finished runs from the list; gc frees what no tag protects', async () => {
    const cwd = await projectWith(bash('a', ['head -c 100000 /dev/zero >o/f'], '  artifacts: [o]'));
    const d = host.daemon;
    await d.cli(['run', 'a', '-t', 'keep'], { cwd });
    await d.cli(['run', 'a'], { cwd });
    expect((await d.cli(['rm', '-a', '-y'], { cwd })).code).toBe(0);
    expect(await d.json<Run[]>(['ps', '-a'], { cwd })).toEqual([]);
    const use = async () =>
      (await d.json<{ kind: string; reclaimable: number }[]>(['df'], { cwd })).find((u) => u.kind === 'artifacts')?.reclaimable ?? 0;
    expect(await use()).toBeGreaterThanOrEqual(100_000);
    expect((await d.cli(['gc'], { cwd })).code).toBe(0);
    expect(await use()).toBe(0);
    expect((await d.json<{ file: string }[]>(['artifacts', 'list', ':keep'], { cwd })).map((f) => f.file)).toEqual(['f']);
    expect(existsSync(join(d.home, 'trees'))).toBe(true);
  });
});

describe('what every container gets from the config', () => {
  test('the certificates of the lab, beside those of the system', async () => {
    const pem = await project({ 'ca.pem': '-----BEGIN CERTIFICATE-----\nbGFi\n-----END CERTIFICATE-----\n' });
    await using daemon = await startDaemon({ config: { ca_certificates: [`${pem}/ca.pem`] } });
    const cwd = await projectWith(bash('ca', ['tail -2 $SSL_CERT_FILE; test $PIP_CERT = $REQUESTS_CA_BUNDLE && grep -c BEGIN $PIP_CERT']));
    const { stdout } = await daemon.cli(['run', 'ca'], { cwd });
    expect(stdout).toMatch(/^bGFi\n-----END CERTIFICATE-----\n\d+\n$/);
  });
});

describe('ports', () => {
  test('are published on this machine only, and shown', async () => {
    const cwd = await projectWith(
      bash(
        'web',
        ['mkdir w; echo from inside >w/i; httpd -p $PORT_0 -h w; echo up; while [ ! -e o/go ]; do sleep 0.1; done'],
        '  ports: 1\n  artifacts: [o]',
      ),
    );
    const name = (await host.daemon.cli(['run', 'web', '-d'], { cwd })).stdout.trim();
    await waitFor(async () => (await host.daemon.cli(['logs', name], { cwd })).stdout.includes('up'), 'the server');
    const { urls: ports } = await host.daemon.json<RunDetail>(['ps', name], { cwd });
    expect(ports).toMatchObject([{ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) }]);
    const page = await waitFor(() => fetch(`${ports[0]?.url}/i`).then((answer) => answer.text()), 'its page');
    expect(page).toBe('from inside\n');
    await host.daemon.cli(['stop', name, '-x', '-y'], { cwd });
  });
});

describe('the docker provider', () => {
  test('needs no project', async () => {
    const cwd = await project({});
    const { code, stdout } = await host.daemon.cli(['run', 'docker', 'dstack-test/tiny:1', '-c', 'echo anywhere'], { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'anywhere\n' });
  });

  test('straight from the command line, and with an entrypoint', async () => {
    const cwd = await projectWith(
      '- name: e\n  provider: docker\n  image: dstack-test/tiny:1\n  entrypoint: /bin/bash -c\n  commands: ["echo $0 $BASH"]',
    );
    const { stdout } = await host.daemon.cli(['run', 'docker', 'dstack-test/tiny:1', '-c', 'echo from docker'], { cwd });
    expect(stdout).toBe('from docker\n');
    expect((await host.daemon.cli(['run', 'e'], { cwd })).stdout).toBe('/bin/bash /bin/bash\n');
  });

  test('an image that cannot be had fails the run with a reason', async () => {
    const cwd = await projectWith('- name: e\n  provider: docker\n  image: 127.0.0.1:1/no/such:1');
    const { code } = await host.daemon.cli(['run', 'e'], { cwd });
    expect(code).not.toBe(0);
    expect(await lastRun(host.daemon, cwd)).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('cannot pull the image 127.0.0.1:1/no/such:1'),
    });
  });
});
