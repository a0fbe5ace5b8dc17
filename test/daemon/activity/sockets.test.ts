import { describe, expect, test } from 'vitest';
import { socketsAt } from '../../../daemon/activity/sockets.ts';

/** As a kernel prints them, for a server on port 8888 (22B8): one that listens, one connection that is open, one that is closing. */
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:22B8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1167205 1 0000000000000000 100 0 0 10 0
   1: 020011AC:22B8 010011AC:D2F4 01 00000000:00000000 00:00000000 00000000     0        0 1169007 1 0000000000000000 20 4 30 10 -1
   2: 020011AC:22B8 010011AC:D2F6 06 00000000:00000000 03:00001762 00000000     0        0 0 3 0000000000000000
   3: 0100007F:A0F2 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 1169008 1 0000000000000000 20 4 30 10 -1
`;
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1167206 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF0000020011AC:1F90 0000000000000000FFFF0000010011AC:D2F4 01 00000000:00000000 00:00000000 00000000     0        0 1169017 1 0000000000000000 20 4 30 10 -1
   2: 0000000000000000FFFF0000020011AC:1F90 0000000000000000FFFF0000010011AC:D2F8 01 00000000:00000000 00:00000000 00000000     0        0 1169018 1 0000000000000000 20 4 30 10 -1
`;

describe('the tables of TCP connections', () => {
  test('say who listens and how many connections are open, in both families', () => {
    expect(socketsAt(tcp + tcp6, 0x22b8)).toEqual({ listening: true, open: 1 });
    expect(socketsAt(tcp + tcp6, 0x1f90)).toEqual({ listening: true, open: 2 });
  });
  test('count a connection at the end of the server only', () => {
    // port A0F2 is a client's, 1F90 its server's in the same table
    expect(socketsAt(tcp, 0x1f90)).toEqual({ listening: false, open: 0 });
  });
  test('have lines that end as a terminal prints them', () => {
    expect(socketsAt(tcp.replaceAll('\n', '\r\n'), 0x22b8)).toEqual({ listening: true, open: 1 });
  });
  test('of nobody, or none at all', () => {
    expect(socketsAt(tcp, 1)).toEqual({ listening: false, open: 0 });
    expect(socketsAt('', 0x22b8)).toEqual({ listening: false, open: 0 });
  });
});
