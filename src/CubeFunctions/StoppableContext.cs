using Microsoft.Azure.Functions.Worker;

namespace CubeFunctions;

/// <summary>A function's context with another token: functions take theirs from here.</summary>
internal sealed class StoppableContext(FunctionContext inner, CancellationToken cancellationToken) : FunctionContext
{
    public override CancellationToken CancellationToken => cancellationToken;

    public override string InvocationId => inner.InvocationId;

    public override string FunctionId => inner.FunctionId;

    public override TraceContext TraceContext => inner.TraceContext;

    public override BindingContext BindingContext => inner.BindingContext;

    public override RetryContext RetryContext => inner.RetryContext;

    public override IServiceProvider InstanceServices
    {
        get => inner.InstanceServices;
        set => inner.InstanceServices = value;
    }

    public override FunctionDefinition FunctionDefinition => inner.FunctionDefinition;

    public override IDictionary<object, object> Items
    {
        get => inner.Items;
        set => inner.Items = value;
    }

    public override IInvocationFeatures Features => inner.Features;
}
