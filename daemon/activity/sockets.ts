/** The kernel's numbers of the states of a TCP connection (include/net/tcp_states.h), in hexadecimal as it prints them. */
const established = '01';
const listening = '0A';

/**
 * What the kernel's tables /proc/net/tcp and tcp6 (proc_net_tcp.txt of its documentation: `sl local_address rem_address st …`, addresses `HEX:PORT`)
 * say of a port: whether a server listens on it, and how many connections to it are open.
 */
export function socketsAt(tables: string, port: number): { listening: boolean; open: number } {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const states = tables.split('\n').flatMap((line) => {
    const [, local = '', , state = ''] = line.trim().split(/\s+/);
    return local.endsWith(`:${wanted}`) ? [state] : [];
  });
  return { listening: states.includes(listening), open: states.filter((state) => state === established).length };
}
