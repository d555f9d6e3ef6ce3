import type { Row } from './odata.ts';

interface Subscription {
  readonly skuId: string;
  /** Service plans by name and id. */
  readonly plans: Readonly<Record<string, string>>;
  /** Whether Azure AD Premium P1 or P2 is among them. */
  readonly premium: boolean;
}

const PREMIUM_P1 = { AAD_PREMIUM: '41781fb2-bc02-4b7c-bd55-b576c07bb09d' };
const PREMIUM_P2 = { AAD_PREMIUM_P2: 'eec0eb4f-6444-4f95-aba0-50c24d67f998' };

/**
 * Subscriptions that the lab's tenant can have. Source of names and ids: Microsoft's list of product names and service
 * plan identifiers for licensing.
 */
export const SUBSCRIPTIONS = {
  /** Enterprise Mobility + Security E3 */
  EMS: {
    skuId: 'efccb6f7-5641-4e0e-bd10-b4976e1bf68e',
    plans: { ...PREMIUM_P1, INTUNE_A: 'c1ec4a95-1f05-45b3-a911-aa3fa01094f5' },
    premium: true,
  },
  AAD_PREMIUM_P2: { skuId: '84a661c4-e949-4bd2-a560-ed7766fcaf2b', plans: PREMIUM_P2, premium: true },
  /** Office 365 E1: no Azure AD Premium in it */
  STANDARDPACK: {
    skuId: '18181a46-0d4e-45cd-891e-60aabd171b4e',
    plans: { EXCHANGE_S_STANDARD: '9aaf7827-d63c-4b61-89c3-182f06f82e5c' },
    premium: false,
  },
} as const satisfies Readonly<Record<string, Subscription>>;
export type SubscriptionName = keyof typeof SUBSCRIPTIONS;
export const SUBSCRIPTION_NAMES = Object.keys(SUBSCRIPTIONS) as SubscriptionName[];

export const SUBSCRIPTION_PROPERTIES = [
  'capabilityStatus',
  'consumedUnits',
  'id',
  'skuId',
  'skuPartNumber',
  'appliesTo',
  'prepaidUnits',
  'servicePlans',
];

/** A subscription as Graph's `subscribedSku`. */
export function subscribedSku(tenant: string, name: SubscriptionName): Row {
  const { skuId, plans } = SUBSCRIPTIONS[name];
  return {
    capabilityStatus: 'Enabled',
    consumedUnits: 3,
    id: `${tenant}_${skuId}`,
    skuId,
    skuPartNumber: name,
    appliesTo: 'User',
    prepaidUnits: { enabled: 25, suspended: 0, warning: 0, lockedOut: 0 },
    servicePlans: Object.entries(plans).map(([servicePlanName, servicePlanId]) => ({
      servicePlanId,
      servicePlanName,
      provisioningStatus: 'Success',
      appliesTo: 'User',
    })),
  };
}
