# SYNTAX TEST "source.c" "IOMMU primitives, as calls"
static void rvx_unmap(struct iommu_domain *domain)
#                            ^^^^^^^^^^^^ - support.function.iommu.kernel.c
{
        iommu_iotlb_sync(domain, gather);
#       ^^^^^^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        iommu_flush_iotlb_all(domain);
#       ^^^^^^^^^^^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        iommu_iotlb_gather_init(gather);
#       ^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        iommu_iotlb_gather_add_range(gather, iova, size);
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        iotlb_sync(domain, gather);
#       ^^^^^^^^^^ source.c support.function.iommu.kernel.c
        flush_iotlb_all(domain);
#       ^^^^^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        iommu_attach_device(domain, dev);
#       ^^^^^^^^^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        iommu_detach_device(domain, dev);
#       ^^^^^^^^^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        iommu_attach_device_pasid(domain, dev, pasid, NULL);
#       ^^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        iommu_map(domain, iova, paddr, size, prot, GFP_KERNEL);
#       ^^^^^^^^^ source.c support.function.iommu.kernel.c
        iommu_map_sgtable(domain, iova, sgt, prot);
#       ^^^^^^^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        iommu_unmap(domain, iova, size);
#       ^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        iommu_unmap_fast(domain, iova, size, gather);
#       ^^^^^^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        iommu_paging_domain_alloc(dev);
#       ^^^^^^^^^^^^^^^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        iommu_domain_free(domain);
#       ^^^^^^^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        iommu_sva_bind_device(dev, mm);
#       ^^^^^^^^^^^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        iommu_put_pages_list(&freelist);
#       ^^^^^^^^^^^^^^^^^^^^ source.c support.function.iommu.kernel.c
        .iotlb_sync = rvx_iotlb_sync,
#        ^^^^^^^^^^ - support.function.iommu.kernel.c
#                     ^^^^^^^^^^^^^^ - support.function.iommu.kernel.c
        rvx_iommu_iotlb_inval(domain);
#       ^^^^^^^^^^^^^^^^^^^^^ - support.function.iommu.kernel.c
        iommu_dma_map_sg_swiotlb(dev);
#       ^^^^^^^^^^^^^^^^^^^^^^^^ - support.function.iommu.kernel.c
        iommu_map = 1;
#       ^^^^^^^^^ - support.function.iommu.kernel.c
        /* iommu_unmap(domain) */ iommu_unmap(domain);
#          ^^^^^^^^^^^ comment.block.c - support.function.iommu.kernel.c
#                                 ^^^^^^^^^^^ source.c support.function.iommu.kernel.c - comment.block.c
}
