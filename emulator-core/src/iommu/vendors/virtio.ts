/** virtio-iommu: mappings live in the hypervisor and change by requests in a virtqueue. */
import { assumed, fact, type VendorModel } from "../vendor.ts";

const driver = (place: string): string => `drivers/iommu/virtio-iommu.c, ${place}`;
const ring = (place: string): string => `drivers/virtio/virtio_ring.c, ${place}`;

const first = fact({ caches: [], separately: false }, driver("nothing is invalidated before"));

export const virtio: VendorModel = {
  id: "virtio",
  title: "virtio-iommu",
  architectures: fact(["arm64", "x86"], "drivers/iommu/Kconfig, VIRTIO_IOMMU"),
  caches: [
    {
      kind: "context",
      entry: fact("attachment of an endpoint", driver("viommu_attach_dev")),
      entriesIn: fact("device", driver("viommu_attach_dev")),
      invalidatedBy: fact("VIRTIO_IOMMU_T_DETACH", driver("viommu_detach_dev")),
      mustFlush: fact(true, driver("viommu_detach_dev waits for the request")),
      leaves: assumed([], "virtio 1.2, 5.13.6: mappings of a domain without endpoints are gone"),
      followedBy: fact([], driver("viommu_detach_dev")),
      after: first,
      notPresent: fact({ kind: "may" }, driver("viommu_send_req_sync in viommu_attach_dev: attached once the request has completed")),
    },
    {
      kind: "iotlb",
      entry: fact("mapping", driver("viommu_map_pages")),
      entriesIn: fact("device", driver("viommu_map_pages")),
      invalidatedBy: fact("VIRTIO_IOMMU_T_UNMAP", driver("viommu_unmap_pages")),
      mustFlush: fact(true, driver("viommu_iotlb_sync waits for the requests of viommu_unmap_pages")),
      leaves: fact(["context"], driver("viommu_unmap_pages")),
      followedBy: fact([], driver("viommu_iotlb_sync")),
      after: first,
      notPresent: fact({ kind: "may" }, driver("viommu_iotlb_sync_map: mapped once the request has completed")),
    },
  ],
  submission: {
    kind: "queue",
    barrier: fact("virt_wmb", `include/linux/virtio_ring.h, virtio_wmb (dma_wmb() with VIRTIO_F_ORDER_PLATFORM); ${ring("virtqueue_add_split")}`),
    doorbell: fact("WRITE_ONCE", ring("virtqueue_add_split: the index of the available ring, memory that the host reads; the kick only wakes it")),
    rung: fact("per-command", ring("virtqueue_add_split")),
  },
  completion: {
    kind: "polled",
    command: fact("used ring", driver("__viommu_sync_req")),
    seenBy: fact(["READ_ONCE"], ring("virtqueue_get_buf_ctx_split, more_used_split")),
    barrier: fact("virt_rmb", `include/linux/virtio_ring.h, virtio_rmb; ${ring("virtqueue_get_buf_ctx_split")}`),
  },
  dataWait: assumed({ kind: "always" }, "virtio 1.2, 5.13.6.9: a completed UNMAP ends accesses by the mapping"),
  contextFetch: fact("atomic", driver("viommu_attach_dev: one request")),
  atomicBits: assumed(64, "requests carry whole values"),
  coherentWalk: fact("always", driver("no table is walked")),
  validToValid: fact("by-command", driver("viommu_map_pages refuses nothing; the device answers VIRTIO_IOMMU_S_INVAL for an overlap")),
};
