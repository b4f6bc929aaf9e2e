using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Core.Changes;

/// <summary>Registers change detection.</summary>
internal static class ChangeServices
{
    public static IServiceCollection AddChanges(this IServiceCollection services) => services
        .AddSingleton<ChangeStore>()
        .AddSingleton<HeldBackDeletions>()
        .AddSingleton<DeletionCheck>()
        .AddSingleton<CustomerLookup>()
        .AddSingleton<Echoes>()
        .AddSingleton<ChangeDetector>();
}
