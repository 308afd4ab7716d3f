/* SPDX-License-Identifier: MIT */
/* Functions of Vulkan that the layer stands in front of, and those that it only calls. Each list is
 * the base of a table: names without "vk". */
#ifndef RN_VULKAN_FUNCTIONS_H
#define RN_VULKAN_FUNCTIONS_H

#define VK_NO_PROTOTYPES
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan_core.h>

/* clang-format off */
#define RN_VULKAN_INSTANCE_HOOKS(X) \
    X(CreateInstance) \
    X(DestroyInstance) \
    X(CreateDevice) \
    X(GetInstanceProcAddr)

#define RN_VULKAN_INSTANCE_CALLS(X) \
    X(EnumerateDeviceExtensionProperties) \
    X(GetPhysicalDeviceProperties) \
    X(GetPhysicalDeviceQueueFamilyProperties) \
    X(GetPhysicalDeviceMemoryProperties) \
    X(GetPhysicalDeviceCalibrateableTimeDomainsEXT)

#define RN_VULKAN_DEVICE_HOOKS(X) \
    X(GetDeviceProcAddr) \
    X(DestroyDevice) \
    X(GetDeviceQueue) \
    X(GetDeviceQueue2) \
    X(QueueSubmit) \
    X(QueueSubmit2) \
    X(QueueWaitIdle) \
    X(DeviceWaitIdle) \
    X(WaitForFences) \
    X(GetFenceStatus) \
    X(ResetFences) \
    X(DestroyFence) \
    X(WaitSemaphores) \
    X(GetSemaphoreCounterValue) \
    X(DestroySemaphore) \
    X(AllocateMemory) \
    X(FreeMemory) \
    X(CreateBuffer) \
    X(DestroyBuffer) \
    X(BindBufferMemory) \
    X(BindBufferMemory2) \
    X(CreateImage) \
    X(DestroyImage) \
    X(CreateShaderModule) \
    X(DestroyShaderModule) \
    X(CreateComputePipelines) \
    X(DestroyPipeline) \
    X(CreateCommandPool) \
    X(ResetCommandPool) \
    X(DestroyCommandPool) \
    X(AllocateCommandBuffers) \
    X(FreeCommandBuffers) \
    X(BeginCommandBuffer) \
    X(ResetCommandBuffer) \
    X(CmdBindPipeline) \
    X(CmdDispatch) \
    X(CmdDispatchBase) \
    X(CmdDispatchIndirect) \
    X(CmdExecuteCommands) \
    X(CmdCopyBuffer) \
    X(CmdCopyBuffer2) \
    X(CmdCopyImage) \
    X(CmdCopyImage2) \
    X(CmdCopyBufferToImage) \
    X(CmdCopyBufferToImage2) \
    X(CmdCopyImageToBuffer) \
    X(CmdCopyImageToBuffer2) \
    X(CmdUpdateBuffer) \
    X(CmdFillBuffer) \
    X(SetDebugUtilsObjectNameEXT) \
    X(CmdBeginDebugUtilsLabelEXT) \
    X(CmdEndDebugUtilsLabelEXT)

/* Other names of the same function: ALIAS, function. */
#define RN_VULKAN_DEVICE_ALIASES(X) \
    X(QueueSubmit2KHR, QueueSubmit2) \
    X(WaitSemaphoresKHR, WaitSemaphores) \
    X(GetSemaphoreCounterValueKHR, GetSemaphoreCounterValue) \
    X(BindBufferMemory2KHR, BindBufferMemory2) \
    X(CmdDispatchBaseKHR, CmdDispatchBase) \
    X(CmdCopyBuffer2KHR, CmdCopyBuffer2) \
    X(CmdCopyImage2KHR, CmdCopyImage2) \
    X(CmdCopyBufferToImage2KHR, CmdCopyBufferToImage2) \
    X(CmdCopyImageToBuffer2KHR, CmdCopyImageToBuffer2)

#define RN_VULKAN_DEVICE_CALLS(X) \
    X(CreateFence) \
    X(CreateQueryPool) \
    X(DestroyQueryPool) \
    X(GetQueryPoolResults) \
    X(CmdResetQueryPool) \
    X(CmdWriteTimestamp) \
    X(GetCalibratedTimestampsEXT)
/* clang-format on */

#define RN_VULKAN_MEMBER(name) PFN_vk##name name;

/* Of what lies below the layer; NULL: not there. */
struct rn_vulkan_instance_functions {
    PFN_vkGetInstanceProcAddr GetInstanceProcAddr;
    PFN_vkDestroyInstance DestroyInstance;
    RN_VULKAN_INSTANCE_CALLS(RN_VULKAN_MEMBER)
};

struct rn_vulkan_device_functions {
    RN_VULKAN_DEVICE_HOOKS(RN_VULKAN_MEMBER)
    RN_VULKAN_DEVICE_CALLS(RN_VULKAN_MEMBER)
};

/* rn_vk_X stands in front of vkX, and has its type. */
#define RN_VULKAN_HOOK(name) __typeof__(*(PFN_vk##name)0) rn_vk_##name;
RN_VULKAN_INSTANCE_HOOKS(RN_VULKAN_HOOK)
RN_VULKAN_DEVICE_HOOKS(RN_VULKAN_HOOK)

#endif
