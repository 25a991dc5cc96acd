import { describe, expect, test } from '@jest/globals';
import { createAddressPolicy } from '../../../../services/shared/platform/http/public-address.js';

/** "No private, loopback, link-local or metadata address, checked when saved and at every connect." */
const policy = createAddressPolicy([]);

/** What is dialled for a URL: its host as URL() normalises it, without brackets. */
const dialled = (host: string): string => new URL(`https://${host}/`).hostname.replace(/^\[|\]$/g, '');

describe('public addresses', () => {
  test.each([
    ['1.1.1.1', 'a resolver'],
    ['8.8.8.8', 'another'],
    ['93.184.216.34', 'a web server'],
    ['9.255.255.255', 'the last before 10/8'],
    ['11.0.0.0', 'the first after 10/8'],
    ['100.63.255.255', 'the last before CGNAT'],
    ['100.128.0.0', 'the first after CGNAT'],
    ['126.255.255.255', 'the last before loopback'],
    ['128.0.0.0', 'the first after loopback'],
    ['168.63.129.15', 'the one before Azure’s'],
    ['168.63.129.17', 'the one after Azure’s'],
    ['169.253.255.255', 'the last before link-local'],
    ['169.255.0.0', 'the first after link-local'],
    ['172.15.255.255', 'the last before 172.16/12'],
    ['172.32.0.0', 'the first after 172.16/12'],
    ['192.0.1.0', 'the first after 192.0.0/24'],
    ['192.167.255.255', 'the last before 192.168/16'],
    ['192.169.0.0', 'the first after 192.168/16'],
    ['198.17.255.255', 'the last before benchmarking'],
    ['198.20.0.0', 'the first after benchmarking'],
    ['223.255.255.255', 'the last before multicast'],
    ['2606:4700:4700::1111', 'a resolver'],
    ['2a00:1450:4001:81b::200e', 'a web server'],
    ['2001:200::', 'the first after 2001::/23'],
    ['2001:db7:ffff::', 'the last before the documentation block'],
    ['2001:db9::', 'the first after the documentation block'],
    ['2003::1', 'the first after 6to4'],
    ['3ffe::1', 'once 6bone'],
    ['::ffff:8.8.8.8', 'IPv4-mapped'],
    ['::ffff:808:808', 'IPv4-mapped, in hex'],
  ])('%s (%s) is permitted', (address) => {
    expect(policy.permits(address)).toBe(true);
  });
});

describe('addresses that lead inside', () => {
  test.each([
    ['0.0.0.0', 'this host'],
    ['0.1.2.3', 'this network'],
    ['10.0.0.1', 'private'],
    ['10.255.255.255', 'private'],
    ['100.64.0.1', 'CGNAT'],
    ['100.100.100.200', 'CGNAT: Alibaba’s metadata'],
    ['100.127.255.255', 'CGNAT'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['168.63.129.16', 'Azure’s platform, in public space'],
    ['169.254.0.1', 'link-local'],
    ['169.254.169.254', 'metadata'],
    ['169.254.170.2', 'metadata of containers'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.0.0.1', 'protocol assignments'],
    ['192.0.0.192', 'Oracle’s metadata'],
    ['192.0.2.1', 'documentation'],
    ['192.88.99.1', '6to4 relays'],
    ['192.168.0.1', 'private'],
    ['198.18.0.1', 'benchmarking'],
    ['198.19.255.255', 'benchmarking'],
    ['198.51.100.1', 'documentation'],
    ['203.0.113.1', 'documentation'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.250', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback, in full'],
    ['::2', 'reserved'],
    ['::127.0.0.1', 'IPv4-compatible'],
    ['::7f00:1', 'IPv4-compatible, in hex'],
    ['::8.8.8.8', 'IPv4-compatible, even of a public address'],
    ['::ffff:127.0.0.1', 'IPv4-mapped'],
    ['::ffff:7f00:1', 'IPv4-mapped, in hex'],
    ['0:0:0:0:0:ffff:10.0.0.1', 'IPv4-mapped, in full'],
    ['::ffff:169.254.169.254', 'IPv4-mapped metadata'],
    ['::ffff:168.63.129.16', 'IPv4-mapped Azure'],
    ['::ffff:100.64.0.1', 'IPv4-mapped CGNAT'],
    ['::ffff:0:127.0.0.1', 'IPv4-translated'],
    ['64:ff9b::7f00:1', 'NAT64'],
    ['64:ff9b::8.8.8.8', 'NAT64, even of a public address'],
    ['64:ff9b:1::1', 'local NAT64'],
    ['100::1', 'discard'],
    ['2001::1', 'Teredo'],
    ['2001:0:7f00:1::', 'Teredo'],
    ['2001:10::1', 'ORCHID'],
    ['2001:20::1', 'ORCHIDv2'],
    ['2001:1ff:ffff::', 'the last of 2001::/23'],
    ['2001:db8::1', 'documentation'],
    ['2002:7f00:1::', '6to4 of loopback'],
    ['2002:808:808::1', '6to4, even of a public address'],
    ['3fff::1', 'documentation'],
    ['3fff:fff:ffff::1', 'documentation'],
    ['1fff:ffff::1', 'below global unicast'],
    ['4000::1', 'above global unicast'],
    ['5f00::1', 'segment routing'],
    ['fc00::1', 'ULA'],
    ['fd00::1', 'ULA'],
    ['fd00:ec2::254', 'ULA: Amazon’s metadata'],
    ['fe80::1', 'link-local'],
    ['febf::1', 'link-local'],
    ['fe80::1%eth0', 'link-local with a zone'],
    ['2606:4700:4700::1111%eth0', 'public with a zone: no such thing'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['ff0e::1', 'multicast of global scope'],
  ])('%s (%s) is refused', (address) => {
    expect(policy.permits(address)).toBe(false);
  });

  test.each([
    '',
    'localhost',
    'example.com',
    '1.2.3',
    '01.1.1.1',
    '1.1.1.1 ',
    '1.1.1.1:80',
    '[::1]',
    '2606:4700::/32',
    '::g',
  ])('%j is no address, and is refused', (address) => {
    expect(policy.permits(address)).toBe(false);
  });
});

describe('the forms in which a URL can hide an address', () => {
  test.each([
    ['2130706433', '127.0.0.1', 'decimal'],
    ['0x7f000001', '127.0.0.1', 'hex'],
    ['0x7f.0x0.0x0.0x1', '127.0.0.1', 'hex, in parts'],
    ['017700000001', '127.0.0.1', 'octal'],
    ['0177.0.0.1', '127.0.0.1', 'octal, in parts'],
    ['127.1', '127.0.0.1', 'two parts'],
    ['127.0.1', '127.0.0.1', 'three parts'],
    ['0x7f.1', '127.0.0.1', 'mixed'],
    ['127.0.0.1.', '127.0.0.1', 'with a final dot'],
    ['①②⑦.⓪.⓪.①', '127.0.0.1', 'circled digits'],
    ['127。0。0。1', '127.0.0.1', 'ideographic dots'],
    ['%31%32%37.0.0.1', '127.0.0.1', 'percent-encoded'],
    ['0', '0.0.0.0', 'zero'],
    ['0x0', '0.0.0.0', 'zero in hex'],
    ['2852039166', '169.254.169.254', 'metadata, decimal'],
    ['0xa9fea9fe', '169.254.169.254', 'metadata, hex'],
    ['[::1]', '::1', 'loopback'],
    ['[::]', '::', 'unspecified'],
    ['[0:0:0:0:0:0:0:1]', '::1', 'loopback, in full'],
    ['[::ffff:127.0.0.1]', '::ffff:7f00:1', 'mapped'],
    ['[::127.0.0.1]', '::7f00:1', 'compatible'],
    ['[64:ff9b::127.0.0.1]', '64:ff9b::7f00:1', 'NAT64'],
    ['[::ffff:a9fe:a9fe]', '::ffff:a9fe:a9fe', 'mapped metadata'],
  ])('https://%s/ is %s (%s), and refused', (host, address) => {
    expect(dialled(host)).toBe(address);
    expect(policy.permits(dialled(host))).toBe(false);
  });

  test('a number that is a public address is one', () => {
    expect(policy.permits(dialled('134744072'))).toBe(true);
  });
});

describe('networks that the operator allows', () => {
  test.each([
    [['127.0.0.0/8'], '127.0.0.1', true],
    [['127.0.0.0/8'], '127.9.9.9', true],
    [['127.0.0.0/8'], '::ffff:127.0.0.1', true],
    [['127.0.0.0/8'], '::1', false],
    [['127.0.0.0/8'], '10.0.0.1', false],
    [['127.0.0.1/32'], '127.0.0.2', false],
    [['10.1.0.0/16', '::1/128'], '10.1.2.3', true],
    [['10.1.0.0/16', '::1/128'], '10.2.0.0', false],
    [['10.1.0.0/16', '::1/128'], '::1', true],
    [['fd00::/8'], 'fd12::1', true],
    [['fd00::/8'], 'fc00::1', false],
    [['127.0.0.0/8'], '8.8.8.8', true],
  ])('with %j, %s is permitted: %s', (networks, address, permitted) => {
    expect(createAddressPolicy(networks).permits(address)).toBe(permitted);
  });

  test.each([
    '127.0.0.1',
    '127.0.0.0/',
    '127.0.0.0/33',
    '127.0.0.0/-1',
    '127.0.0.0/8.5',
    '::1/129',
    'localhost/8',
    '/8',
    '',
    '127.0.0.0/8/9',
  ])('%j is no network', (network) => {
    expect(() => createAddressPolicy([network])).toThrow();
  });
});
