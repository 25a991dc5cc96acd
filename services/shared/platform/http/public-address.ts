import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * Which addresses a webhook may reach: public ones, and those of networks that the operator allowed.
 *
 * IPv4: everything but the special-purpose blocks of the IANA registry, multicast, reserved space and the cloud
 * metadata address that hides in public space. IPv6: only global unicast (2000::/3) less its special blocks; so the
 * v4-in-v6 forms that lead inside (NAT64, 6to4, Teredo, v4-compatible) are out, and v4-mapped addresses are judged by
 * the v4 rules (`net.BlockList` unwraps them).
 */
export interface AddressPolicy {
  /** Whether a connection to this literal IP address may be opened. */
  permits(address: string): boolean;
}

const BLOCKED_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
] as const;

const BLOCKED_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'] as const;

/** Builds the policy. `allowedNetworks` are CIDR blocks, empty in production. @throws RangeError on a bad block */
export function createAddressPolicy(allowedNetworks: readonly string[]): AddressPolicy {
  const blocked = blockList([...BLOCKED_IPV4, ...BLOCKED_IPV6]);
  const globalUnicast = blockList(['2000::/3']);
  const allowed = blockList(allowedNetworks);
  return {
    permits(address) {
      if (isIPv4(address)) return allowed.check(address) || !blocked.check(address);
      if (!isIPv6(address) || address.includes('%')) return false;
      if (allowed.check(address, 'ipv6')) return true;
      const mapped = mappedIpv4(address);
      if (mapped) return !blocked.check(address, 'ipv6');
      return globalUnicast.check(address, 'ipv6') && !blocked.check(address, 'ipv6');
    },
  };
}

const MAPPED = blockList(['::ffff:0:0/96']);

function mappedIpv4(address: string): boolean {
  return MAPPED.check(address, 'ipv6');
}

function blockList(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [network = '', prefix = '', ...more] = block.split('/');
    const family = isIPv4(network) ? 'ipv4' : 'ipv6';
    if (more.length > 0 || !/^\d+$/.test(prefix) || (family === 'ipv6' && !isIPv6(network)))
      throw new RangeError(`${JSON.stringify(block)} is not a network in CIDR form`);
    list.addSubnet(network, Number(prefix), family);
  }
  return list;
}
