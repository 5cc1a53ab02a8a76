import type { HeaderRows } from "./schema.ts";

export const slab: HeaderRows = {
  header: "include/linux/slab.h",
  rows: [
    { names: ["kfree", "kvfree", "kfree_sensitive", "kfree_const", "kzfree"], effects: [{ kind: "free", object: 0, memory: "slab" }] },
    { names: ["vfree"], effects: [{ kind: "free", object: 0, memory: "vmalloc" }] },
    { names: ["kmem_cache_free"], effects: [{ kind: "free", object: 1, memory: "cache" }] },
    { names: ["devm_kfree"], effects: [{ kind: "free", object: 1, memory: "devm" }] },
    { names: ["free_percpu"], effects: [{ kind: "free", object: 0, memory: "percpu" }] },
    { names: ["kmalloc", "kmalloc_node", "kvmalloc", "kvmalloc_node", "kstrdup", "kstrdup_const", "__kmalloc"], effects: [{ kind: "allocate", memory: "slab", zeroed: false, gfp: 1 }] },
    { names: ["kmem_cache_alloc", "kmem_cache_alloc_node"], effects: [{ kind: "allocate", memory: "slab", zeroed: false, gfp: 1, cache: 0 }] },
    { names: ["kmem_cache_zalloc"], effects: [{ kind: "allocate", memory: "slab", zeroed: true, gfp: 1, cache: 0 }] },
    { names: ["kmalloc_array", "kvmalloc_array", "kmemdup", "krealloc"], effects: [{ kind: "allocate", memory: "slab", zeroed: false, gfp: 2 }] },
    { names: ["kmemdup_array"], effects: [{ kind: "allocate", memory: "slab", zeroed: false, gfp: 3 }] },
    { names: ["kasprintf"], effects: [{ kind: "allocate", memory: "slab", zeroed: false, gfp: 0 }] },
    { names: ["vmalloc"], effects: [{ kind: "allocate", memory: "slab", zeroed: false }], maySleep: true },
    { names: ["kzalloc", "kzalloc_node", "kvzalloc"], effects: [{ kind: "allocate", memory: "slab", zeroed: true, gfp: 1 }] },
    { names: ["kcalloc", "kcalloc_node", "kvcalloc"], effects: [{ kind: "allocate", memory: "slab", zeroed: true, gfp: 2 }] },
    { names: ["vzalloc"], effects: [{ kind: "allocate", memory: "slab", zeroed: true }], maySleep: true },
    { names: ["devm_kzalloc", "devm_kmalloc"], effects: [{ kind: "allocate", memory: "devm", zeroed: true, gfp: 2 }] },
    { names: ["devm_kcalloc", "devm_kmalloc_array"], effects: [{ kind: "allocate", memory: "devm", zeroed: true, gfp: 3 }] },
    { names: ["alloc_percpu", "__alloc_percpu"], effects: [{ kind: "allocate", memory: "percpu", zeroed: true }], maySleep: true },
    { names: ["kmem_cache_create"], effects: [{ kind: "cache", does: "create", flags: 3 }] },
    { names: ["KMEM_CACHE"], effects: [{ kind: "cache", does: "create", flags: 1 }] },
    { names: ["kmem_cache_destroy", "ksize", "kmem_cache_shrink"], effects: [] },
  ],
};

export const pages: HeaderRows = {
  header: "include/linux/gfp.h",
  rows: [
    { names: ["free_page", "free_pages", "free_pages_exact"], effects: [{ kind: "free", object: 0, memory: "page" }] },
    { names: ["__free_page", "__free_pages", "put_page", "iommu_free_page", "iommu_free_pages", "__iommu_free_pages", "iommu_free_pgtbl_page"], effects: [{ kind: "free", object: 0, memory: "page" }] },
    { names: ["put_pages_list", "iommu_put_pages_list"], effects: [{ kind: "free-list", list: 0, memory: "page" }] },
    { names: ["alloc_page", "alloc_pages", "__get_free_page", "__get_free_pages"], effects: [{ kind: "allocate", memory: "page", zeroed: false, gfp: 0 }] },
    { names: ["alloc_pages_node"], effects: [{ kind: "allocate", memory: "page", zeroed: false, gfp: 1 }] },
    { names: ["get_zeroed_page", "iommu_alloc_page", "iommu_alloc_pages"], effects: [{ kind: "allocate", memory: "page", zeroed: true, gfp: 0 }] },
    { names: ["iommu_alloc_page_node", "iommu_alloc_pages_node"], effects: [{ kind: "allocate", memory: "page", zeroed: true, gfp: 1 }] },
    { names: ["dma_alloc_coherent", "dmam_alloc_coherent"], effects: [{ kind: "allocate", memory: "dma", zeroed: true, gfp: 3 }] },
    { names: ["dma_pool_alloc", "dma_pool_zalloc"], effects: [{ kind: "allocate", memory: "dma", zeroed: true, gfp: 1 }] },
    { names: ["dma_free_coherent"], effects: [{ kind: "free", object: 2, memory: "dma" }] },
    { names: ["dma_pool_free"], effects: [{ kind: "free", object: 1, memory: "dma" }] },
    { names: ["phys_to_virt", "__va", "virt_to_phys", "__pa", "virt_to_page", "page_address", "page_to_phys", "phys_to_page", "pfn_to_page", "page_to_pfn", "page_to_virt", "virt_to_folio", "page_folio", "folio_page"], effects: [{ kind: "derive", from: 0 }] },
    { names: ["ERR_CAST", "ERR_PTR", "PTR_ERR"], effects: [] },
    { names: ["IS_ERR", "PTR_ERR_OR_ZERO"], effects: [{ kind: "is-error", arg: 0 }] },
    { names: ["IS_ERR_OR_NULL"], effects: [{ kind: "is-error", arg: 0, orNull: true }] },
  ],
};
