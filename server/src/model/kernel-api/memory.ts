import type { HeaderRows } from "./schema.ts";

export const slab: HeaderRows = {
  header: "include/linux/slab.h",
  rows: [
    { names: ["kfree", "kvfree", "kfree_sensitive", "kfree_const", "kzfree"], effects: [{ kind: "free", object: 0, memory: "slab" }] },
    { names: ["vfree"], effects: [{ kind: "free", object: 0, memory: "vmalloc" }] },
    { names: ["kmem_cache_free"], effects: [{ kind: "free", object: 1, memory: "cache" }] },
    { names: ["devm_kfree"], effects: [{ kind: "free", object: 1, memory: "devm" }] },
    { names: ["free_percpu"], effects: [{ kind: "free", object: 0, memory: "percpu" }] },
    { names: ["kmalloc", "kmalloc_node", "kmalloc_array", "kvmalloc", "kvmalloc_node", "kvmalloc_array", "kmemdup", "kmemdup_array", "kstrdup", "kstrdup_const", "kasprintf", "krealloc", "kmem_cache_alloc", "kmem_cache_alloc_node", "vmalloc", "__kmalloc"], effects: [{ kind: "allocate", memory: "slab", zeroed: false }] },
    { names: ["kzalloc", "kzalloc_node", "kcalloc", "kcalloc_node", "kvzalloc", "kvcalloc", "kmem_cache_zalloc", "vzalloc"], effects: [{ kind: "allocate", memory: "slab", zeroed: true }] },
    { names: ["devm_kzalloc", "devm_kmalloc", "devm_kcalloc", "devm_kmalloc_array"], effects: [{ kind: "allocate", memory: "devm", zeroed: true }] },
    { names: ["alloc_percpu", "__alloc_percpu"], effects: [{ kind: "allocate", memory: "percpu", zeroed: true }] },
    { names: ["kmem_cache_create", "KMEM_CACHE", "kmem_cache_destroy", "ksize", "kmem_cache_shrink"], effects: [] },
  ],
};

export const pages: HeaderRows = {
  header: "include/linux/gfp.h",
  rows: [
    { names: ["free_page", "free_pages", "free_pages_exact"], effects: [{ kind: "free", object: 0, memory: "page" }] },
    { names: ["__free_page", "__free_pages", "put_page", "iommu_free_page", "iommu_free_pages", "__iommu_free_pages", "iommu_free_pgtbl_page"], effects: [{ kind: "free", object: 0, memory: "page" }] },
    { names: ["put_pages_list", "iommu_put_pages_list"], effects: [{ kind: "free-list", list: 0, memory: "page" }] },
    { names: ["alloc_page", "alloc_pages", "alloc_pages_node", "__get_free_page", "__get_free_pages"], effects: [{ kind: "allocate", memory: "page", zeroed: false }] },
    { names: ["get_zeroed_page", "iommu_alloc_page", "iommu_alloc_page_node", "iommu_alloc_pages", "iommu_alloc_pages_node"], effects: [{ kind: "allocate", memory: "page", zeroed: true }] },
    { names: ["dma_alloc_coherent", "dmam_alloc_coherent", "dma_pool_alloc", "dma_pool_zalloc"], effects: [{ kind: "allocate", memory: "dma", zeroed: true }] },
    { names: ["dma_free_coherent"], effects: [{ kind: "free", object: 2, memory: "dma" }] },
    { names: ["dma_pool_free"], effects: [{ kind: "free", object: 1, memory: "dma" }] },
    { names: ["phys_to_virt", "__va", "virt_to_phys", "__pa", "virt_to_page", "page_address", "page_to_phys", "phys_to_page", "pfn_to_page", "page_to_pfn", "page_to_virt", "virt_to_folio", "page_folio", "folio_page"], effects: [{ kind: "derive", from: 0 }] },
    { names: ["ERR_CAST", "ERR_PTR", "PTR_ERR"], effects: [] },
    { names: ["IS_ERR", "PTR_ERR_OR_ZERO"], effects: [{ kind: "is-error", arg: 0 }] },
    { names: ["IS_ERR_OR_NULL"], effects: [{ kind: "is-error", arg: 0, orNull: true }] },
  ],
};
