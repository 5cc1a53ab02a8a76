/** The vendors that are known: every file of `vendors/` (a test compares). */
import type { VendorModel } from "./vendor.ts";
import { amd } from "./vendors/amd.ts";
import { riscv } from "./vendors/riscv.ts";
import { s390 } from "./vendors/s390.ts";
import { smmuv3 } from "./vendors/smmuv3.ts";
import { virtio } from "./vendors/virtio.ts";
import { vtd } from "./vendors/vtd.ts";

export const vendors: readonly VendorModel[] = [amd, riscv, s390, smmuv3, virtio, vtd];

export function vendorOf(id: string): VendorModel | undefined {
  return vendors.find((vendor) => vendor.id === id);
}
