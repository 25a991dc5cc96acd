import { register } from 'node:module';

/**
 * Loaded before a delivery process in the measurements over plain HTTP, and there alone: the product refuses http://
 * (core/url-policy.ts), and other systems are measured without TLS. Everything else of the process is as it is.
 */
register('./plain-http-hooks.js', import.meta.url);
