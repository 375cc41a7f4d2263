//! Heap: the memory of a guest.
//!
//! A guest lives for one call, and most of what a policy allocates is small and soon gone. Blocks up to [`SMALL`] bytes come from lists
//! of free blocks of one size, and are cut from a region where the list is empty: a few instructions either way, where
//! a general allocator searches and joins, and every instruction costs fuel. Small blocks are never joined, but used again for the
//! next block of about their size. What is larger goes to the standard library's allocator.
#![allow(unsafe_code, reason = "an allocator hands out raw memory; nothing else here does")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr::null_mut;

/// Sizes are rounded up to this, and no block is aligned to more.
const STEP: usize = 16;

/// Sizes beyond [`FINE`] are rounded up to this.
const COARSE_STEP: usize = 512;
const FINE: usize = 1 << 10;

/// Larger blocks are not kept in lists.
const SMALL: usize = 16 << 10;

const LISTS: usize = 1 + FINE / STEP + SMALL / COARSE_STEP;

/// The first region. It is part of the memory an instance begins with: growing the memory is a call into the host and its system. What is
/// large here has to be cleared after each call, so this is what a call about one subject needs.
const FIRST: usize = 32 << 10;

/// Bytes by which the memory grows for a further region.
const REGION: usize = 256 << 10;

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Lists { free: [null_mut(); LISTS], next: 0, end: 0 }));

static FIRST_REGION: Region = Region(UnsafeCell::new([0; FIRST]));

struct Heap(UnsafeCell<Lists>);

#[repr(align(16))]
struct Region(UnsafeCell<[u8; FIRST]>);

struct Lists {
    /// For each size the block that was freed last; a free block begins with the address of the next.
    free: [*mut u8; LISTS],
    /// What is left of the region. Addresses; 0 before the first block.
    next: usize,
    end: usize,
}

// SAFETY: a guest has one thread. The host's engine has WebAssembly's threads switched off.
unsafe impl Sync for Heap {}
// SAFETY: as above.
unsafe impl Sync for Region {}

/// The list of a size, and the bytes that its blocks have. Nothing for what is no small block.
#[inline]
fn class(layout: Layout) -> Option<(usize, usize)> {
    let size = layout.size();
    if size > SMALL || layout.align() > STEP {
        return None;
    }
    Some(match size {
        0..=FINE => (size.div_ceil(STEP), size.next_multiple_of(STEP)),
        _ => (FINE / STEP + size.div_ceil(COARSE_STEP), size.next_multiple_of(COARSE_STEP)),
    })
}

impl Lists {
    /// Bytes from the region, a new one if they are not left in this.
    #[inline]
    fn cut(&mut self, bytes: usize) -> *mut u8 {
        if self.end - self.next < bytes && !self.extend() {
            return null_mut();
        }
        let block = self.next;
        self.next += bytes;
        block as *mut u8
    }

    /// A new region, larger than any small block. The end of the old one is left.
    #[cold]
    fn extend(&mut self) -> bool {
        const PAGE: usize = 64 << 10;
        if self.end == 0 {
            self.next = FIRST_REGION.0.get() as usize;
            self.end = self.next + FIRST;
            return true;
        }
        match core::arch::wasm32::memory_grow::<0>(REGION / PAGE) {
            usize::MAX => false,
            page => {
                self.next = page * PAGE;
                self.end = self.next + REGION;
                true
            }
        }
    }
}

// SAFETY: blocks come from `cut` or from a list into which they were put by `dealloc`, under the class of the same layout, so they are
// as large and as aligned as it says and in use once. Others are `System`'s in all three functions.
unsafe impl GlobalAlloc for Heap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((list, bytes)) = class(layout) else {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc(layout) };
        };
        // SAFETY: there is one thread, and nothing in here allocates.
        let lists = unsafe { &mut *self.0.get() };
        match lists.free.get_mut(list) {
            Some(free) if !free.is_null() => {
                let block = *free;
                // SAFETY: a free block of at least a step begins with the address of the next.
                *free = unsafe { block.cast::<*mut u8>().read() };
                block
            }
            _ => lists.cut(bytes),
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some((list, _)) = class(layout) else {
            // SAFETY: the caller's promise, and it was `System` that gave it.
            return unsafe { System.dealloc(block, layout) };
        };
        // SAFETY: as in `alloc`.
        let lists = unsafe { &mut *self.0.get() };
        if let Some(free) = lists.free.get_mut(list) {
            // SAFETY: it has at least a step's bytes, is aligned to it and nobody uses it any more.
            unsafe { block.cast::<*mut u8>().write(*free) };
            *free = block;
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise: `size` rounded up to the alignment does not overflow.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (class(layout), class(wanted)) {
            (Some((before, _)), Some((after, _))) if before == after => block,
            // SAFETY: the caller's promise, and it was `System` that gave it.
            (None, None) => unsafe { System.realloc(block, layout, size) },
            _ => {
                // SAFETY: `wanted` is a layout, both blocks have the bytes that are copied, and the old one is given back once.
                unsafe {
                    let moved = self.alloc(wanted);
                    if !moved.is_null() {
                        moved.copy_from_nonoverlapping(block, layout.size().min(size));
                        self.dealloc(block, layout);
                    }
                    moved
                }
            }
        }
    }
}
